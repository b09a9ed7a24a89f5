"""The geometry of ICT-FaceKit's head: identities, expressions, lids that close, and where the landmarks lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from tracker.topology import (
    BLENDSHAPE_NAMES,
    DENSE_INNER_LIP,
    DENSE_LEFT_LID,
    DENSE_MESH,
    DENSE_RIGHT_LID,
    IBUG_68,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    JAW,
)
from training.datasets import data_folder
from training.synthetic.eyeball import eye_radius, turned
from training.synthetic.ict_shifts import DENSE_SHIFT, LANDMARK_SHIFT
from training.synthetic.staging import Mesh

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]

LEFT_SCLERA, RIGHT_SCLERA = slice(21451, 22221), slice(23021, 23791)
N_FACE = 9409  # the first vertices are the face's skin
N_SKIN = 14062  # with the back of the head (its own start at 6548 on the texture's second tile)
FIRST_LASH = 25351
JAW_STEPS = 28
LID_CLEARANCE_CM = 0.035  # skin's least distance from the eyeball
LID_OVERLAP_CM = 0.01  # how far closed lids pass each other
SIDES = ("R", "L")


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Points on the surface: vertices (N, K) and their weights (N, K)."""

    vertices: IntArray
    weights: FloatArray

    def on(self, shape: FloatArray) -> FloatArray:
        """(N, 3) where they are on a shape (V, 3)."""
        return np.asarray((shape[self.vertices] * self.weights[..., None]).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One eyeball in the model frame."""

    centre: FloatArray
    radius: float


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One identity: vertices (V, 3) float32 cm at rest, its eyes (right, left) and its blinks, which close."""

    vertices: FloatArray
    eyes: tuple[Eye, Eye]
    blinks: tuple[FloatArray, FloatArray]


class IctModel:
    """The morphable head, read once."""

    def __init__(self) -> None:
        folder = data_folder() / "ict-facekit"
        with np.load(folder / "ict-facekit.npz") as stored:
            self.neutral = stored["neutral"].astype(np.float32)
            self._identity = np.ascontiguousarray(stored["ident"].reshape(len(stored["ident"]), -1), np.float32)
            self._expression = np.ascontiguousarray(stored["expr"], np.float32)
            self._names = [str(name) for name in stored["expr_names"]]
            self._triangles, corners, uv = stored["tri"], stored["tritex"], stored["vt"]
            material, names = stored["trimat"], [str(name) for name in stored["matnames"]]
            self._landmarks = stored["lm68"]
        self.meshes: dict[str, Mesh] = {}
        for name in ("Face", "BackHead", "Teeth", "GumsTongue", "EyeLashes", "EyeOcclusion"):
            chosen = material == names.index(f"M_{name}")
            u = uv - np.array([np.floor(uv[corners[chosen]][..., 0].min()), 0])
            self.meshes[name] = Mesh(self._triangles[chosen], u.astype(np.float32), corners[chosen])
        with np.load(folder / "mesh478.npz") as stored:
            self.photo_vertices, self.photo_weights = stored["index"], stored["bary"]
            self.photo_share = stored["weight"].astype(np.float32)
            warped = stored["warped"].astype(np.float32)
        self.sources = self._coefficient_sources()
        self.known = np.array([len(self.sources[name]) > 0 for name in BLENDSHAPE_NAMES])
        self.landmarks = self._landmarks[IBUG_68]
        moving = [np.flatnonzero(np.abs(shape).max(axis=1) > 1e-3) for shape in self._expression]
        self._starts = np.cumsum([0, *(len(vertices) for vertices in moving)])
        self._moved = np.concatenate(moving).astype(np.int32)
        self._moves = np.concatenate([s[v] for s, v in zip(self._expression, moving, strict=True)])
        self._outer_eyes = float(np.linalg.norm(self.neutral[self._landmarks[45]] - self.neutral[self._landmarks[36]]))
        self._anchor(warped)
        self._lids()

    def _coefficient_sources(self) -> dict[str, list[int]]:
        """Which of ICT's shapes each of the 52 is; two where ICT splits it by side, none where it has none."""
        out = {}
        for name in BLENDSHAPE_NAMES:
            own = name if name.startswith(("jaw", "mouthLeft", "mouthRight")) else ""
            sided = own or name.replace("Left", "_L").replace("Right", "_R")
            wanted = [sided] if sided in self._names else [f"{name}_L", f"{name}_R"]
            out[name] = [self._names.index(w) for w in wanted if w in self._names]
        return out

    # where the points lie

    def _path(self, stops: IntArray) -> IntArray:
        """The vertices of the shortest way over the face through `stops`."""
        triangles = self.meshes["Face"].triangles
        a, b = triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()
        length = np.linalg.norm(self.neutral[a] - self.neutral[b], axis=1)
        graph = coo_matrix((length, (a, b)), shape=(N_FACE, N_FACE)).tocsr()
        graph = graph.maximum(graph.T)
        out = [int(stops[0])]
        for start, stop in pairwise(stops):
            _, before = dijkstra(graph, indices=int(start), return_predecessors=True)
            leg = [int(stop)]
            while leg[-1] != start:
                leg.append(int(before[leg[-1]]))
            out += leg[::-1][1:]
        return np.array(out)

    def _anchor(self, warped: FloatArray) -> None:
        ibug = self._landmarks
        at = self.neutral[self.landmarks] + self._shift(LANDMARK_SHIFT)
        dense_at = warped[DENSE_MESH] + self._shift(DENSE_SHIFT)
        points, dense = self._on_surface(at), self._on_surface(dense_at)
        for still in np.flatnonzero(~LANDMARK_SHIFT.any(axis=1)):
            points.vertices[still], points.weights[still] = self.landmarks[still], (1, 0, 0)

        # what lies on an edge stays on it
        upper_lip = self._path(ibug[[60, 61, 62, 63, 64]])
        lower_lip = self._path(ibug[[64, 65, 66, 67, 60]])
        self._along(upper_lip, dense_at, dense, DENSE_INNER_LIP[:11])
        self._along(lower_lip, dense_at, dense, DENSE_INNER_LIP[11:])
        self._along(upper_lip, at, points, INNER_UPPER_LIP)
        self._along(lower_lip, at, points, INNER_LOWER_LIP)
        self._along(self._path(ibug[[48, 49, 50, 51, 52, 53, 54]]), dense_at, dense, np.arange(0, 11))
        self._along(self._path(ibug[[54, 55, 56, 57, 58, 59, 48]]), dense_at, dense, np.arange(11, 20))
        self.rims: list[tuple[IntArray, IntArray]] = []
        for lids, eye in ((DENSE_RIGHT_LID, [36, 37, 38, 39, 40, 41]), (DENSE_LEFT_LID, [45, 44, 43, 42, 47, 46])):
            upper, lower = self._path(ibug[eye[:4]]), self._path(ibug[[*eye[3:], eye[0]]])
            self._along(upper, dense_at, dense, lids[:9])
            self._along(lower, dense_at, dense, lids[8:])
            self._along(upper, at, points, np.array(eye[1:3]))
            self._along(lower, at, points, np.array(eye[4:]))
            self.rims.append((upper, lower[::-1]))
        self.points, self.dense = points, dense
        self.jaw_lines = self._jaw_lines()

    def _shift(self, shift: FloatArray) -> FloatArray:
        """(N, 3) cm in the model frame."""
        return np.column_stack([shift * [1, -1], np.zeros(len(shift))]) * self._outer_eyes

    def _along(self, path: IntArray, wanted: FloatArray, anchors: Anchors, which: IntArray) -> None:
        """Put the anchors `which` onto a path, where it is nearest to their rows of `wanted` (N, 3)."""
        starts, stops = self.neutral[path[:-1]], self.neutral[path[1:]]
        step = stops - starts
        aims = wanted[which]
        share = np.einsum("nsk,sk->ns", aims[:, None] - starts, step) / (np.square(step).sum(axis=1) + 1e-12)
        share = share.clip(0, 1)
        distance = np.linalg.norm(starts + share[..., None] * step - aims[:, None], axis=2)
        best = distance.argmin(axis=1)
        t = share[np.arange(len(aims)), best]
        anchors.vertices[which] = np.stack([path[best], path[best + 1], path[best]], axis=1)
        anchors.weights[which] = np.stack([1 - t, t, np.zeros_like(t)], axis=1)

    def _facing(self) -> tuple[IntArray, FloatArray]:
        """The face's triangles that are seen from the front, and their corners (T, 3, 3)."""
        triangles = self.meshes["Face"].triangles
        corners = self.neutral.astype(np.float64)[triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 1e-6
        return triangles[facing], corners[facing]

    def _on_surface(self, wanted: FloatArray) -> Anchors:
        """The points of the surface that are seen from the front at the x and y of `wanted` (N, 3)."""
        triangles, corners = self._facing()
        vertices, weights = np.zeros((len(wanted), 3), int), np.zeros((len(wanted), 3))
        for row, point in enumerate(wanted):
            found = _containing(corners, point[:2])
            if found is None:  # in an opening: an edge takes it, or the nearest vertex
                vertices[row] = np.linalg.norm(self.neutral[:N_FACE] - point, axis=1).argmin()
                weights[row, 0] = 1
            else:
                vertices[row], weights[row] = triangles[found[0]], found[1]
        return Anchors(vertices, weights)

    def _jaw_lines(self) -> Anchors:
        """(17 * JAW_STEPS) points of the surface on lines that are straight from the front, from cheek to jaw."""
        jaw = self.points.on(self.neutral)[JAW]
        nose = self.neutral[self._landmarks[33]].astype(np.float64)
        hubs = np.tile(nose, (len(jaw), 1))
        beside = jaw[:, 1] > nose[1]  # lines to the cheeks' points are level
        hubs[beside] = np.column_stack([0 * jaw[:, 0], jaw[:, 1].clip(nose[1] - 1.5, 4.0), 0 * jaw[:, 2] + nose[2]])[
            beside
        ]
        along = np.linspace(0.45, 1, JAW_STEPS)[:, None]
        lines = self._on_surface((hubs[:, None] + along * (jaw - hubs)[:, None]).reshape(-1, 3))
        ends = np.arange(1, len(jaw) + 1) * JAW_STEPS - 1
        lines.vertices[ends], lines.weights[ends] = self.points.vertices[JAW], self.points.weights[JAW]
        return lines

    # lids

    def _lids(self) -> None:
        """The skin round each eye: which vertices, and how much they belong to the upper lid."""
        self.lid_skin: list[IntArray] = []
        self.upper_share: list[FloatArray] = []
        for side in SIDES:
            blink = self._expression[self._names.index(f"eyeBlink_{side}")]
            down = np.where(blink[:, 1] < 0, np.linalg.norm(blink, axis=1), 0)
            moved = [*np.flatnonzero(np.linalg.norm(blink[:N_FACE], axis=1) > 0.02)]
            moved += [FIRST_LASH + i for i in np.flatnonzero(np.linalg.norm(blink[FIRST_LASH:], axis=1) > 0.02)]
            moved += [25047 + i for i in np.flatnonzero(np.linalg.norm(blink[25047:FIRST_LASH], axis=1) > 0.02)]
            chosen = np.array(moved)
            self.lid_skin.append(chosen)
            self.upper_share.append(np.clip(down[chosen] / down[:N_FACE].max(), 0, 1))

    def shape(self, weights: FloatArray) -> Shape:
        """The head of identity `weights` (100,), which are standard normal."""
        vertices = self.neutral + (weights.astype(np.float32) @ self._identity).reshape(-1, 3)
        eyes = (_fit_eye(vertices[RIGHT_SCLERA]), _fit_eye(vertices[LEFT_SCLERA]))
        blinks = []
        for k, side in enumerate(SIDES):
            blink = self._expression[self._names.index(f"eyeBlink_{side}")].copy()
            upper, lower = self.rims[k]
            across = np.linspace(0.06, 0.94, 14)
            before = _rim_gap(vertices, upper, lower, across)
            where = _share_across(vertices, vertices[self.lid_skin[k]], upper)
            for _ in range(2):
                after = _rim_gap(vertices + blink, upper, lower, across)
                needed = np.clip((before + LID_OVERLAP_CM) / np.maximum(before - after, 0.05), 0.6, 1.7)
                blink[self.lid_skin[k]] *= np.interp(where, across, needed)[:, None]
            blinks.append(blink)
        return Shape(vertices, eyes, (blinks[0], blinks[1]))

    def expressed(self, shape: Shape, coefficients: FloatArray, gaze_deg: FloatArray) -> FloatArray:
        """(V, 3) float32 the vertices with the 52 `coefficients`; lids neither pass each other nor enter the eyes."""
        weights = np.zeros(len(self._names), np.float32)
        for name, value in zip(BLENDSHAPE_NAMES, coefficients, strict=True):
            if not name.startswith("eyeBlink"):
                weights[self.sources[name]] = value
        out = shape.vertices.copy()
        _add_shapes(out, weights, self._moved, self._starts, self._moves)
        for k, side in enumerate(("Right", "Left")):
            amount = coefficients[BLENDSHAPE_NAMES.index(f"eyeBlink{side}")]
            if amount > 0:
                out += amount * shape.blinks[k]
            self._limit_lids(out, k)
            self._clear_eye(out, k, shape.eyes[k], gaze_deg[k])
        return np.asarray(out, np.float32)

    def _limit_lids(self, vertices: FloatArray, k: int) -> None:
        """Raise the upper lid where it went below the lower one."""
        upper, lower = self.rims[k]
        across = np.linspace(0.08, 0.92, 13)
        too_far = np.maximum(0, -LID_OVERLAP_CM - _rim_gap(vertices, upper, lower, across))
        if too_far.max() <= 0:
            return
        chosen = self.lid_skin[k]
        where = _share_across(vertices, vertices[chosen], upper)
        vertices[chosen, 1] += np.interp(where, across, too_far) * self.upper_share[k]

    def _clear_eye(self, vertices: FloatArray, k: int, eye: Eye, gaze_deg: FloatArray) -> None:
        """Push the skin out of the eyeball."""
        chosen = self.lid_skin[k]
        out = vertices[chosen] - eye.centre
        distance = np.linalg.norm(out, axis=1)
        axis = turned(gaze_deg)[:, 2]
        angle = np.degrees(np.arccos(np.clip(out @ axis / distance, -1, 1)))
        least = eye.radius * eye_radius(angle) + LID_CLEARANCE_CM
        inside = (distance < least) & (out[:, 2] > 0.3 * eye.radius)
        vertices[chosen[inside]] = eye.centre + out[inside] * (least[inside] / distance[inside])[:, None]


@numba.njit(cache=True)
def _add_shapes(out, weights, moved, starts, moves):  # type: ignore[no-untyped-def]
    """Add weighted shapes to the vertices `out`, each shape given by the vertices that it moves."""
    for shape in range(len(weights)):
        weight = weights[shape]
        if weight == 0:
            continue
        for i in range(starts[shape], starts[shape + 1]):
            for k in range(3):
                out[moved[i], k] += weight * moves[i, k]


def _containing(corners: FloatArray, at: FloatArray) -> tuple[int, FloatArray] | None:
    """The nearest of the triangles (T, 3, 3) that cover the point `at` (x, y), and its barycentric coordinates."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    u = ((b[:, 0] - at[0]) * (c[:, 1] - at[1]) - (c[:, 0] - at[0]) * (b[:, 1] - at[1])) / area
    v = ((c[:, 0] - at[0]) * (a[:, 1] - at[1]) - (a[:, 0] - at[0]) * (c[:, 1] - at[1])) / area
    inside = np.flatnonzero((u >= 0) & (v >= 0) & (u + v <= 1))
    if not len(inside):
        return None
    weights = np.stack([u, v, 1 - u - v], axis=1)[inside]
    depth = (weights * corners[inside][:, :, 2]).sum(axis=1)
    best = int(depth.argmax())
    return int(inside[best]), weights[best]


def _fit_eye(sclera: FloatArray) -> Eye:
    """The sphere through the sclera, its cornea left out."""
    points = sclera[sclera[:, 2] < np.quantile(sclera[:, 2], 0.6)].astype(np.float64)
    system = np.column_stack([2 * points, np.ones(len(points))])
    x, y, z, rest = np.linalg.lstsq(system, np.square(points).sum(axis=1), rcond=None)[0]
    centre = np.array([x, y, z])
    return Eye(centre, float(np.sqrt(rest + centre @ centre)))


def _share_across(shape: FloatArray, points: FloatArray, upper: IntArray) -> FloatArray:
    """(N,) where points lie between the eye's outer (0) and inner corner (1)."""
    outer, inner = shape[upper[0]], shape[upper[-1]]
    along = (inner - outer)[:2]
    return np.asarray((points[:, :2] - outer[:2]) @ along / (along @ along))


def _rim_gap(shape: FloatArray, upper: IntArray, lower: IntArray, across: FloatArray) -> FloatArray:
    """(N,) height of the upper lid's rim over the lower one's at shares of the way from the outer corner, cm."""
    gap = []
    for rim in (upper, lower):
        where = np.maximum.accumulate(_share_across(shape, shape[rim], upper))
        gap.append(np.interp(across, where, shape[rim, 1]))
    return np.asarray(gap[0] - gap[1])
