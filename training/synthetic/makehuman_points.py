"""Where the 66 landmarks and the 87 dense points lie on MakeHuman's base mesh.

Lids and lips: on the mesh's own edge loops (`makehuman_loops`), at the fractions of their length where ICT-FaceKit's
neutral face has them. Nose, cheeks and chin: ICT's points, carried over by a thin-plate spline through lids, lips and
the middle of the face, and dropped onto the nearest triangle. Brows follow the brow that is drawn and the jaw follows
the outline (`makehuman`).

    python -m training.synthetic.makehuman_points        # measures and stores the map in the runs folder
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
from scipy.interpolate import RBFInterpolator

from tracker import topology as t
from training.datasets import data_folder, runs_folder
from training.synthetic.makehuman_files import DESCENTS, SEXES, Assets, build_name, load_assets, macro_name
from training.synthetic.makehuman_loops import EYE_SEEDS, MOUTH_SEED, concentric

VERSION = 3
LID_ROWS = (9, 10, 11, 12)
"""Rows of an eye's grid that can be the visible edge of a lid: from the line of the lashes inwards."""
CANTHUS_ROW = 10
OUTER_LIP_ROW, OUTER_LIP_SHARE, LIP_CORNER_ROW = 3, 0.3, 6
"""The border of the red of the lips on MakeHuman's skins is this far from one row to the next; and where the lips meet
at the corners."""
INNER_LIP_ROWS, LIP_MEETING_ROW = (5, 6, 7, 8, 9, 10), 8

JAW_STEPS = 16
EAR_CM = 6.9
"""Farther out than this from the middle of the mean head lie the ears."""
FORWARD_BELOW, FORWARD_BESIDE, EAR_Z_CM, JUMP_CM = 0.12, -0.3, 5.0, 0.8
"""Skin whose normal has less than this towards the front is beyond the outline, below the face and beside it: a turned
head shows more of its side, up to the ears."""

LID_SHARES = (0, 0.08, 0.163, 0.285, 0.45, 0.63, 0.82, 0.962, 1, 0.965, 0.885, 0.70, 0.525, 0.335, 0.2, 0.11)
EYE_SHARES = (0, 0.25, 0.785, 1, 0.755, 0.239)
"""How far each point of a lid is on the way from the outer corner to the inner one, upper lid first: ICT-FaceKit's,
moved most of the way to where `landmarks_3` sees them on neutral faces from the front."""
BOW_NUDGE = 0.03
"""The peaks of the upper lip are so much nearer to its middle than on ICT-FaceKit, as a share of the lip."""

SURFACE_POINTS = np.array([*t.NOSE_BRIDGE, *t.NOSE_BASE, *range(t.N_LANDMARKS + 72, t.N_LANDMARKS + 87)])
"""Those of the 153 points that are fixed on the skin."""
_WING, _CHEEK = [(0, -2.4), (0, -2.8), (-2.8, -0.6)], [(0, -1.2), (0, -3.0), (0, -3.4)]
NUDGES = np.array(
    [(0, -0.8), (0, -1.4), (0, -2.8), (0, -2.0)]
    + [(-1.0, 0), (0, 0), (0, 0), (0, 0), (-1.0, 0)]
    + _WING * 2
    + _CHEEK * 2
    + [(0, 4.4), (0, 4.2), (0, 0)]
)
"""Percent of the outer-eye distance, outwards and upwards: most of what separates the carried points from where
`landmarks_3` sees them on forty neutral faces from the front, MakeHuman's noses and chins being shaped differently."""


@dataclass(frozen=True, slots=True, eq=False)
class PointMap:
    """Indices are those of `Assets.base`.

    eyes (2, rows, 28), mouth (rows, 38): grids, columns starting at the outer corner (right eye, left eye) and at the
    right corner of the mouth, running over the upper lid or lip. inner_corner, left_corner: the columns opposite.
    lid_columns (16,), eye_columns (6,): fractional columns of the dense points and of the landmarks of an eye.
    outer_columns (20,), inner_columns (20,), outer_landmarks (12,), inner_landmarks (8,): the same for the lips, the
    landmarks in iBUG's order 48 to 59 and 60 to 67.
    surface_index (24, 3), surface_weights (24, 3): SURFACE_POINTS.
    jaw_index (17, K, 3), jaw_weights (17, K, 3): from the cheek out to each point of the jaw, as seen from the front.
    """

    eyes: np.ndarray
    mouth: np.ndarray
    inner_corner: int
    left_corner: int
    lid_columns: np.ndarray
    eye_columns: np.ndarray
    outer_columns: np.ndarray
    inner_columns: np.ndarray
    outer_landmarks: np.ndarray
    inner_landmarks: np.ndarray
    surface_index: np.ndarray
    surface_weights: np.ndarray
    jaw_index: np.ndarray
    jaw_weights: np.ndarray


def mean_head(assets: Assets) -> np.ndarray:
    """(n, 3) the young adult in the middle of all descents and both sexes."""
    names = [str(name) for name in assets.names]
    shares = {macro_name(d, s, "young"): 1 / 6 for d in DESCENTS for s in SEXES}
    shares |= {build_name(s, "young", "averageweight"): 0.5 for s in SEXES}
    moved = sum(share * assets.shapes[names.index(name)].astype(np.float32) for name, share in shares.items())
    return np.asarray(assets.base + moved)


@cache
def load_points() -> PointMap:
    """The map from the cache in the runs folder, measured first where there is none."""
    file = runs_folder() / "synthetic" / f"makehuman-points-{VERSION}.npz"
    if not file.exists():
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, **asdict(measure(load_assets())))
        unfinished.replace(file)
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return PointMap(**{name: int(a) if a.ndim == 0 else a for name, a in arrays.items()})


def measure(assets: Assets) -> PointMap:
    """Find every point on the mean head."""
    head = mean_head(assets)
    right, left = (_eye_grid(assets, head, side) for side in ("right", "left"))
    mouth = concentric(assets.quads, _seed(assets, MOUTH_SEED), head[:, 2])
    mouth = _from_corner(mouth, head[mouth[LIP_CORNER_ROW]], outward=-1)
    inner_corner = int(np.argmax(head[right[CANTHUS_ROW], 0]))
    left_corner = int(np.argmax(head[mouth[LIP_CORNER_ROW], 0]))

    ict = _IctFace.load()
    eye = head[right[CANTHUS_ROW]]
    outer = outer_lip(head[mouth], left_corner)
    inner = head[mouth[LIP_MEETING_ROW]]
    dense = ict.dense
    lid_columns = columns_across(eye, inner_corner, LID_SHARES, 8)
    dense_lip = fractions(dense[t.DENSE_OUTER_LIP], 10)
    dense_lip[[3, 4, 6, 7]] += np.array([1, 1, -1, -1]) * BOW_NUDGE
    outer_columns = columns_at(outer, left_corner, dense_lip, 10)
    inner_columns = columns_at(inner, left_corner, fractions(dense[t.DENSE_INNER_LIP], 10), 10)
    eye_columns = columns_across(eye, inner_corner, EYE_SHARES, 3)
    sparse_lip = fractions(ict.landmarks[48:60], 6)
    sparse_lip[[2, 4]] += np.array([1, -1]) * BOW_NUDGE
    outer_landmarks = columns_at(outer, left_corner, sparse_lip, 6)
    inner_landmarks = columns_at(inner, left_corner, fractions(ict.landmarks[60:68], 4), 4)

    sources = [dense[t.DENSE_RIGHT_LID], dense[t.DENSE_LEFT_LID], dense[t.DENSE_OUTER_LIP]]
    sources.append(profile(ict.midline, float(np.linalg.norm(ict.landmarks[45] - ict.landmarks[36]))))
    targets = [
        at_columns(eye, lid_columns),
        at_columns(head[left[CANTHUS_ROW]], lid_columns),
        at_columns(outer, outer_columns),
        profile(head[np.abs(head[:, 0]) < 0.01], float(np.linalg.norm(head[left[CANTHUS_ROW, 0]] - eye[0]))),
    ]
    spline = RBFInterpolator(np.concatenate(sources), np.concatenate(targets), smoothing=0.05)
    wanted = np.concatenate([ict.landmarks[:68][t.IBUG_68], dense])[SURFACE_POINTS]
    triangles = assets.triangles[_facing(head, assets.triangles)]
    placed = spline(wanted)
    eye_distance = float(np.linalg.norm(targets[1][0] - targets[0][0]))
    side = np.sign(np.round(placed[:, 0], 2))
    placed += np.column_stack([side * NUDGES[:, 0], NUDGES[:, 1], np.zeros(len(placed))]) * eye_distance / 100
    index, weights = nearest_on_surface(placed, head, triangles)
    jaw_index, jaw_weights = jaw_lines(head, assets.triangles, targets[-1], ict)
    return PointMap(
        np.stack([right, left]),
        mouth,
        inner_corner,
        left_corner,
        lid_columns,
        eye_columns,
        outer_columns,
        inner_columns,
        outer_landmarks,
        inner_landmarks,
        index,
        weights,
        jaw_index,
        jaw_weights,
    )


def outer_lip(mouth: np.ndarray, left_corner: int) -> np.ndarray:
    """The border of the red of the lips: (rows, C, 3) positions of the mouth's grid to (C, 3)."""
    columns = mouth.shape[1]
    from_corner = np.minimum.reduce([np.abs(np.arange(columns) - c) for c in (0, left_corner, columns)])
    inward = np.clip(1 - from_corner / 3, 0, 1)[:, None]
    border = mouth[OUTER_LIP_ROW] * (1 - OUTER_LIP_SHARE) + mouth[OUTER_LIP_ROW + 1] * OUTER_LIP_SHARE
    return np.asarray(border * (1 - inward) + mouth[LIP_CORNER_ROW] * inward)


def fractions(points: np.ndarray, opposite: int) -> np.ndarray:
    """Where the points of a closed contour lie between its corners 0 and `opposite`: 0 to 1 there, 1 to 2 back."""
    closed = np.concatenate([points, points[:1]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    there, back = length[opposite], length[-1] - length[opposite]
    at = length[:-1]
    return np.where(at <= there, at / there, 1 + (at - there) / back)


def columns_at(contour: np.ndarray, opposite: int, wanted: np.ndarray, wanted_opposite: int) -> np.ndarray:
    """Fractional columns of the closed `contour` (C, 3) whose corners are the columns 0 and `opposite`."""
    closed = np.concatenate([contour, contour[:1]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    there, back = length[opposite], length[-1] - length[opposite]
    at = np.where(wanted <= 1, wanted * there, there + (wanted - 1) * back)
    columns = np.interp(at, length, np.arange(len(length)))
    columns[wanted_opposite] = opposite
    return columns


def columns_across(contour: np.ndarray, opposite: int, shares: Sequence[float], wanted_opposite: int) -> np.ndarray:
    """Fractional columns of the closed `contour` (C, 3) at shares of the way in x from column 0 to `opposite`: first
    those of the upper part, from `wanted_opposite` on those of the lower part."""
    x = (contour[:, 0] - contour[0, 0]) / (contour[opposite, 0] - contour[0, 0])
    upper = np.interp(shares[: wanted_opposite + 1], np.maximum.accumulate(x[: opposite + 1]), np.arange(opposite + 1))
    back = np.arange(len(contour), opposite - 1, -1)
    lower = np.interp(shares[wanted_opposite + 1 :], np.maximum.accumulate(np.append(x, 0.0)[back]), back)
    return np.concatenate([upper, lower])


def at_columns(contour: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(C, D) at fractional columns, the last being followed by the first."""
    low = np.floor(columns).astype(int)
    share = (columns - low)[:, None]
    n = len(contour)
    return contour[low % n] * (1 - share) + contour[(low + 1) % n] * share


def profile(midline: np.ndarray, eye_distance: float) -> np.ndarray:
    """Nasion, tip and foot of the nose, fold under the lip, front and lower edge of the chin: (6, 3).

    midline: (M, 3) vertices in the middle of a face, those of the mouth's cavity too; eye_distance: outer corners'.
    """
    near = np.abs(midline[:, None, 1] - midline[None, :, 1]) < 0.05 * eye_distance
    front = midline[midline[:, 2] > np.where(near, midline[None, :, 2], -np.inf).max(axis=1) - 0.07 * eye_distance]
    front = front[np.argsort(-front[:, 1])]
    tip = front[np.argmax(front[:, 2])]
    height = (front[:, 1] - tip[1]) / eye_distance

    def between(low: float, high: float) -> np.ndarray:
        return front[(height > low) & (height < high)]

    nasion, foot, fold = (
        part[np.argmin(part[:, 2])] for part in (between(0.25, 0.6), between(-0.25, -0.05), between(-0.66, -0.5))
    )
    chins = between(-0.75, -0.59)
    chin = chins[np.argmax(chins[:, 2])]
    under = front[(front[:, 1] < chin[1]) & (front[:, 1] > chin[1] - 0.3 * eye_distance)]
    edge_z = chin[2] - 0.07 * eye_distance
    edge = np.array([0.0, np.interp(-edge_z, -under[:, 2], under[:, 1]), edge_z])
    return np.stack([nasion, tip, foot, fold, chin, edge])


def jaw_lines(
    head: np.ndarray, triangles: np.ndarray, middle: np.ndarray, ict: _IctFace
) -> tuple[np.ndarray, np.ndarray]:
    """(17, JAW_STEPS, 3) vertices and weights: places on the skin on the way from the cheek out to each jaw point.

    A line lies in a half-plane through an axis out of the face below the nose, in the direction in which ICT-FaceKit's
    jaw point lies; it ends where the skin no longer looks forward. middle: `profile` of this head.
    """
    ict_middle = profile(ict.midline, float(np.linalg.norm(ict.landmarks[45] - ict.landmarks[36])))
    foot, chin = middle[2], middle[5]
    stretch = (foot[1] - chin[1]) / (ict_middle[2, 1] - ict_middle[5, 1])
    inner = head[triangles]
    near = (np.abs(inner[..., 0]).max(axis=1) < EAR_CM) & (inner[..., 2].min(axis=1) > 0)
    triangles = triangles[near]
    a, b, c = (head[triangles[:, k]].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    origin = np.array([0.0, foot[1], chin[2] - 8.0])
    index = np.zeros((len(t.JAW), JAW_STEPS, 3), np.int64)
    weights = np.zeros((len(t.JAW), JAW_STEPS, 3))
    for k, point in enumerate(ict.landmarks[t.JAW]):
        outwards = np.array([point[0] * stretch, (point[1] - ict_middle[2, 1]) * stretch, 0.0])
        outwards /= np.linalg.norm(outwards)
        beside = np.clip((abs(outwards[0]) - 0.87) / 0.1, 0, 1)
        forward = FORWARD_BELOW + beside * (FORWARD_BESIDE - FORWARD_BELOW)
        line: list[tuple[int, np.ndarray, np.ndarray]] = []
        for tilt in np.radians(np.arange(30, 125, 0.5)):
            direction = np.array([0, 0, np.cos(tilt)]) + outwards * np.sin(tilt)
            hit = _outermost(origin, direction, a, b, c)
            if hit is None or normal[hit[0], 2] < forward:
                break
            at = hit[1] @ head[triangles[hit[0]]]
            if at[2] < EAR_Z_CM or (line and np.linalg.norm(at - line[-1][2]) > JUMP_CM):
                break
            line.append((*hit, at))
        for step, place in enumerate(np.linspace(0, len(line) - 1, JAW_STEPS).round().astype(int)):
            index[k, step], weights[k, step] = triangles[line[place][0]], line[place][1]
    return index, weights


def _outermost(
    origin: np.ndarray, direction: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> tuple[int, np.ndarray] | None:
    """The triangle that a ray leaves last, and the weights of its corners there."""
    u, v, w = b - a, c - a, origin - a
    across = np.cross(direction, v)
    area = (u * across).sum(axis=1)
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    wb = (w * across).sum(axis=1) / area
    turned = np.cross(w, u)
    wc = (turned @ direction) / area
    far = (turned * v).sum(axis=1) / area
    hit = (wb >= 0) & (wc >= 0) & (wb + wc <= 1) & (far > 0)
    if not hit.any():
        return None
    best = int(np.argmax(np.where(hit, far, -1)))
    return best, np.array([1 - wb[best] - wc[best], wb[best], wc[best]])


def nearest_on_surface(
    points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest place on a surface: (P, 3) vertices and their weights."""
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    index, weights = np.zeros((len(points), 3), np.int64), np.zeros((len(points), 3))
    for k, p in enumerate(points):
        inside = _clamped_weights(p, a, b, c)
        apart = np.linalg.norm(inside[:, :1] * a + inside[:, 1:2] * b + inside[:, 2:] * c - p, axis=1)
        best = int(np.argmin(apart))
        index[k], weights[k] = triangles[best], inside[best]
    return index, weights


def _clamped_weights(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Barycentric weights of p's foot in each triangle, moved into it (near enough where it lies outside)."""
    u, v, w = b - a, c - a, p - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    area = uu * vv - uv * uv + 1e-12
    weights = np.stack([np.zeros(len(a)), (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area], axis=1)
    weights[:, 0] = 1 - weights[:, 1] - weights[:, 2]
    weights = weights.clip(0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _facing(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Triangles of the face's outside: they look forward."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    return np.asarray(normal[:, 2] > -0.2 * np.linalg.norm(normal, axis=1))


def _seed(assets: Assets, numbers: tuple[int, int]) -> tuple[int, int]:
    a, b = assets.at(list(numbers))
    return int(a), int(b)


def _eye_grid(assets: Assets, head: np.ndarray, side: str) -> np.ndarray:
    grid = concentric(assets.quads, _seed(assets, EYE_SEEDS[side]), head[:, 2])
    return _from_corner(grid, head[grid[CANTHUS_ROW]], outward=-1 if side == "right" else 1)


def _from_corner(grid: np.ndarray, row: np.ndarray, outward: int) -> np.ndarray:
    """The grid with its columns starting at the corner that is farthest `outward` in x and running upwards first."""
    grid = np.roll(grid, -int(np.argmax(row[:, 0] * outward)), axis=1)
    row = np.roll(row, -int(np.argmax(row[:, 0] * outward)), axis=0)
    if row[len(row) // 4, 1] < row[-len(row) // 4, 1]:
        grid = np.concatenate([grid[:, :1], grid[:, :0:-1]], axis=1)
    return grid


@dataclass(frozen=True, slots=True, eq=False)
class _IctFace:
    """ICT-FaceKit's neutral face: landmarks (68, 3), dense (87, 3), the vertices of its middle (M, 3)."""

    landmarks: np.ndarray
    dense: np.ndarray
    midline: np.ndarray

    @classmethod
    def load(cls) -> _IctFace:
        folder = data_folder() / "ict-facekit"
        with np.load(folder / "ict-facekit.npz") as model, np.load(folder / "mesh478.npz") as mesh:
            neutral, landmarks = model["neutral"], model["lm68"]
            skin = neutral[:9409]
            return cls(
                neutral[landmarks].astype(np.float64),
                mesh["warped"][t.DENSE_MESH],
                skin[np.abs(skin[:, 0]) < 0.01].astype(np.float64),
            )


def main() -> None:
    points = measure(load_assets())
    folder = runs_folder() / "synthetic"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"makehuman-points-{VERSION}.npz", **asdict(points))
    print("columns of the lids", points.lid_columns.round(2))
    print("columns of the outer lip", points.outer_columns.round(2))


if __name__ == "__main__":
    main()
