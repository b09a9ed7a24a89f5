"""Skin for ICT's head, painted from a photograph through its 478-point mesh.

The photograph's points are moved so that its landmarks lie where the head has them, its light is taken out as far as
low-order shading goes, its lids are painted over (a closing lid would stretch a row of lashes over the eye), and what
the photograph does not show is skin of the same colour, or hair.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numba
import numpy as np
import numpy.typing as npt

from training.datasets import TRAIN, VALIDATION, Pixels, load_faces, load_mesh
from training.synthetic.ict_hair import Hair, sample_hair, strands
from training.synthetic.ict_model import N_FACE, IctModel
from training.synthetic.ict_paint import dressed, painted, regions, sample_paint
from training.synthetic.raster import vertex_normals
from training.synthetic.studio import skin_ita

FloatArray = npt.NDArray[np.floating]
Texture = npt.NDArray[np.uint8]

ATLAS = 512
SOURCES = ("uda", "utk", "faker", "mask_off", "muxspace")
ITA_EDGES = (-90.0, -10.0, 15.0, 30.0, 42.0, 90.0)
INNER = np.arange(17, 66)


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """picture: (H, W, 3) uint8 BGR; mesh: (478, 2), landmarks: (66, 2) px; ita: degrees, roughly."""

    picture: Texture
    mesh: FloatArray
    landmarks: FloatArray


class Photographs:
    """Frontal, sharp faces with closed mouths: of the training fold for the split "train", of the other for "test"."""

    def __init__(self, split: str) -> None:
        pack = load_faces()
        mesh = load_mesh(pack)
        landmarks = pack["lm66"]
        between = np.linalg.norm(mesh[:, 473] - mesh[:, 468], axis=1)
        turn = np.abs(mesh[:, 473, 2] - mesh[:, 468, 2]) / np.maximum(between, 1)
        nod = np.abs(mesh[:, 10, 2] - mesh[:, 152, 2]) / np.maximum(between, 1)
        gap = np.linalg.norm(mesh[:, 13] - mesh[:, 14], axis=1) / np.maximum(between, 1)
        eyes = np.linalg.norm(mesh[:, 159] - mesh[:, 145], axis=1) / np.maximum(between, 1)
        good = (
            (pack.fold == (TRAIN if split == "train" else VALIDATION))
            & (turn < 0.07)
            & (nod < 0.35)
            & (gap < 0.03)
            & (eyes > 0.1)
            & (pack["disagreement"] < 0.035)
            & (pack["native_px"] > 110)
            & np.isin(pack.source, SOURCES)
        )
        chosen = np.flatnonzero(good)
        self._pixels: Pixels = pack.pixels
        chosen = chosen[[self._usable(int(i), mesh[i]) for i in chosen]]
        self._index, self._mesh, self._landmarks = chosen, mesh[chosen, :, :2], landmarks[chosen]
        ita = np.array([self._cheek_ita(int(i), m) for i, m in zip(chosen, self._mesh, strict=True)])
        self._bins = [np.flatnonzero((ita >= a) & (ita < b)) for a, b in pairwise(ITA_EDGES)]
        self._bins = [part for part in self._bins if len(part) > 3]

    def _usable(self, i: int, mesh: FloatArray) -> bool:
        patch = self._patch(i, mesh[50, :2])
        other = self._patch(i, mesh[280, :2])
        even = abs(patch.mean() - other.mean()) < 0.22 * max(patch.mean(), other.mean())
        # grey photographs give grey skin, light from one side a stain
        return bool(even and patch[2] - patch[0] > 8 and 25 < patch.mean() < 235)

    def _patch(self, i: int, at: FloatArray) -> FloatArray:
        picture = self._pixels[i]
        x, y = np.clip(at.astype(int), 3, np.array(picture.shape[1::-1]) - 4)
        return np.asarray(np.median(picture[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3), axis=0).astype(float))

    def _cheek_ita(self, i: int, mesh: FloatArray) -> float:
        return skin_ita((self._patch(i, mesh[50]) + self._patch(i, mesh[280]))[::-1] / 510)

    def __len__(self) -> int:
        return len(self._index)

    def sample(self, rng: np.random.Generator) -> Photograph:
        """One photograph; skins of every darkness alike often."""
        part = self._bins[rng.integers(len(self._bins))]
        k = int(part[rng.integers(len(part))])
        return Photograph(self._pixels[int(self._index[k])], self._mesh[k], self._landmarks[k])


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """face, scalp: RGB textures of the head's two parts; ita: degrees, of the cheek; colour: sRGB 0 to 1."""

    face: Texture
    scalp: Texture
    ita: float
    colour: FloatArray
    hair: Hair


class SkinPainter:
    """Paints skins for a model; what depends on the model alone is worked out once."""

    def __init__(self, model: IctModel, split: str) -> None:
        self._model = model
        self.photographs = Photographs(split)
        self._texel_vertex, self._texel_weight = _texels(model, "Face")
        self._scalp_vertex, self._scalp_weight = _texels(model, "BackHead")
        neutral = model.neutral.astype(np.float64)
        landmarks = neutral[model.landmarks[INNER]]
        # a smooth way from offsets at the landmarks to offsets everywhere
        near = np.exp(-_square_distances(neutral[:N_FACE], landmarks) / (2 * 1.1**2))
        among = np.exp(-_square_distances(landmarks, landmarks) / (2 * 1.1**2))
        self._spread = (near @ np.linalg.inv(among + 0.08 * np.eye(len(among)))).astype(np.float32)
        self._lid_share = np.zeros(N_FACE, np.float32)
        for chosen, upper in zip(model.lid_skin, model.upper_share, strict=True):
            skin = chosen < N_FACE
            self._lid_share[chosen[skin]] = np.clip(upper[skin] * 1.6, 0, 1)
        self._regions = regions(model, self._lid_share)
        normals = vertex_normals(model.neutral, model.meshes["Face"].triangles)[:N_FACE]
        x, y, z = normals.T
        self._harmonics = np.column_stack([np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1])
        # towards the photograph's outline there are hair, hands and background
        facing, inner = np.clip((z - 0.12) / 0.38, 0, 1), np.clip(model.photo_share * 2 - 0.95, 0, 1)
        self._photo_share = (facing * facing * (3 - 2 * facing) * inner).astype(np.float32)
        height, depth = neutral[:N_FACE, 1], neutral[:N_FACE, 2]
        shown = (model.photo_share > 0.9) & (self._lid_share < 0.05) & (z > 0.2) & (depth > 2)
        mouth = np.linalg.norm(neutral[:N_FACE] - neutral[model.landmarks[60]], axis=1) < 3.2
        brows = np.linalg.norm(neutral[:N_FACE, None] - neutral[model.landmarks[17:27]], axis=2).min(axis=1) < 1.0
        self._plain = np.flatnonzero(shown & ~mouth & ~brows & (height < 8.5))
        self._cheek = np.flatnonzero(
            shown & (np.abs(np.abs(neutral[:N_FACE, 0]) - 4.2) < 1.2) & (np.abs(height - 0.3) < 1.3)
        )

    def paint(self, rng: np.random.Generator, tan: float = 1.0) -> Skin:
        """One skin. tan: multiplies its brightness."""
        model = self._model
        photo = self.photographs.sample(rng)
        at = (photo.mesh[model.photo_vertices] * model.photo_weights[..., None]).sum(axis=1).astype(np.float32)
        wanted = photo.landmarks[INNER].astype(np.float32)
        at += self._spread @ (wanted - at[model.landmarks[INNER]])
        vertex_colour = _sampled(photo.picture, at).astype(np.float32)[:, ::-1] / 255  # RGB

        shading = np.exp(self._harmonics @ self._shading(vertex_colour)).astype(np.float32)  # of sRGB values
        colour = np.median(vertex_colour[self._plain] / shading[self._plain], axis=0)
        brightest = colour.max()
        level = np.clip(brightest, 0.33, 0.86) / brightest * tan
        hair = sample_hair(rng, model, float(colour.mean() * level))
        paint, on = sample_paint(rng), self._regions
        lids = np.clip(colour * rng.uniform(0.8, 0.95) * (1 + rng.normal(0, 0.03, 3)), 0, 1).astype(np.float32)
        columns = [at, 1 / shading, self._photo_share, self._lid_share, hair.share[:N_FACE], on.lips, on.beard]
        values = np.column_stack([*columns, on.height[:N_FACE]]).astype(np.float32)
        x, y, r, g, b, share, lid, growth, lips, beard, height = _spread(
            values, self._texel_vertex, self._texel_weight
        ).transpose(2, 0, 1)
        picture = cv2.remap(photo.picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        rgb = picture[:, :, ::-1].astype(np.float32) / 255 * np.dstack([r, g, b])
        rgb = _mixed(colour.astype(np.float32), rgb, share)
        rgb = _mixed(rgb, lids, lid * 0.8)
        rgb = rgb * np.float32(level) * self._pores(rng)[..., None]
        rgb = painted(rgb, paint, hair.colour, lips, lid, beard, rng)
        lines = strands(rng, ATLAS)
        locks = hair.colour.astype(np.float32) * (0.6 + 0.8 * lines[..., None])
        rgb = _mixed(rgb, locks, np.clip(growth * 1.6 - 0.3 + 0.35 * (lines - 0.5) * (growth > 0), 0, 1))
        rgb = dressed(rgb, height, paint)

        values = np.column_stack([hair.share, on.height]).astype(np.float32)
        growth, height = _spread(values, self._scalp_vertex, self._scalp_weight).transpose(2, 0, 1)
        scalp = dressed(_mixed(colour * level, locks, np.clip(growth * 1.6 - 0.3, 0, 1)), height, paint)
        cheek = np.median(vertex_colour[self._cheek] / shading[self._cheek], axis=0) * level
        return Skin(_bytes(rgb), _bytes(scalp), skin_ita(np.clip(cheek, 0, 1)), colour * level, hair)

    def _shading(self, colours: FloatArray) -> FloatArray:
        """(9, 3) low-order harmonics of the logarithm of the photograph's light, in each channel."""
        seen = colours[self._plain] + 0.02
        fit = self._harmonics[self._plain]
        log = np.log(seen / np.median(seen, axis=0)).clip(-0.7, 0.6)
        weights = np.ones(len(log))
        for _ in range(2):  # spots, strands and glints count less
            system = fit * weights[:, None]
            solved = np.linalg.solve(system.T @ fit + 2.0 * np.eye(9), system.T @ log)
            weights = 1 / (1 + np.square((log - fit @ solved).mean(axis=1) / 0.08))
        limit = np.abs(self._harmonics @ solved).max()
        return np.asarray(solved * min(1.0, 0.5 / limit))

    def _pores(self, rng: np.random.Generator) -> FloatArray:
        """(ATLAS, ATLAS) factors about 1: the grain that small photographs lack."""
        fine = rng.normal(0, 1, (ATLAS, ATLAS)).astype(np.float32)
        coarse = cv2.resize(
            rng.normal(0, 1, (64, 64)).astype(np.float32), (ATLAS, ATLAS), interpolation=cv2.INTER_CUBIC
        )
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.8), np.float32)
        return np.asarray(1 + rng.uniform(0.0, 0.05) * fine + rng.uniform(0, 0.025) * coarse, np.float32)


def _mixed(below: FloatArray, above: FloatArray, share: FloatArray) -> FloatArray:
    """(S, S, 3) of two textures, each (S, S, 3) or one colour (3,); share (S, S) of the one above."""
    out = np.empty((*share.shape, 3), np.float32)
    flat = [np.ascontiguousarray(layer, np.float32).reshape(-1, 3) for layer in (below, above)]
    _mix(*flat, np.ascontiguousarray(share, np.float32).ravel(), out.reshape(-1, 3))
    return out


@numba.njit(cache=True)
def _mix(below, above, share, out):  # type: ignore[no-untyped-def]
    b, a = min(1, len(below) - 1), min(1, len(above) - 1)  # 0: one colour everywhere
    for i in range(len(out)):
        s = share[i]
        for c in range(3):
            out[i, c] = below[b * i, c] * (np.float32(1) - s) + above[a * i, c] * s


def _square_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.square(a[:, None] - b[None]).sum(axis=2))


def _bytes(rgb: FloatArray) -> Texture:
    return np.asarray(np.clip(rgb, 0, 1) * 255, np.uint8)


def _sampled(picture: Texture, at: FloatArray) -> FloatArray:
    out = cv2.remap(picture, at[None, :, 0], at[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out[0])


def _texels(model: IctModel, name: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Which three vertices, with what weights, each texel of a part's texture belongs to; filled outwards."""
    mesh = model.meshes[name]
    corners = mesh.triangles if mesh.uv_triangles is None else mesh.uv_triangles
    vertex = np.full((ATLAS, ATLAS, 3), -1, np.int32)
    weight = np.zeros((ATLAS, ATLAS, 3), np.float32)
    uv = np.asarray(mesh.uv, np.float64) * [ATLAS, -ATLAS] + [-0.5, ATLAS - 0.5]
    _fill_texels(uv, np.asarray(corners, np.int32), np.asarray(mesh.triangles, np.int32), vertex, weight)
    empty = (vertex[..., 0] < 0).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    filled = np.flatnonzero(empty.ravel() == 0)
    of_label = np.zeros(labels.max() + 1, np.int64)
    of_label[labels.ravel()[filled]] = filled
    nearest = of_label[labels.ravel()]
    return vertex.reshape(-1, 3)[nearest].reshape(vertex.shape), weight.reshape(-1, 3)[nearest].reshape(weight.shape)


@numba.njit(cache=True)
def _fill_texels(uv, corners, triangles, vertex, weight):  # type: ignore[no-untyped-def]
    size = vertex.shape[0]
    for t in range(corners.shape[0]):
        x0, y0 = uv[corners[t, 0]]
        x1, y1 = uv[corners[t, 1]]
        x2, y2 = uv[corners[t, 2]]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-12:
            continue
        for y in range(max(0, int(np.floor(min(y0, y1, y2)))), min(size - 1, int(np.ceil(max(y0, y1, y2)))) + 1):
            for x in range(max(0, int(np.floor(min(x0, x1, x2)))), min(size - 1, int(np.ceil(max(x0, x1, x2)))) + 1):
                a = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / area
                b = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) / area
                c = 1 - a - b
                if a < -1e-6 or b < -1e-6 or c < -1e-6:
                    continue
                for k in range(3):
                    vertex[y, x, k] = triangles[t, k]
                weight[y, x, 0], weight[y, x, 1], weight[y, x, 2] = a, b, c


@numba.njit(cache=True, fastmath=True)
def _spread(values, vertex, weight):  # type: ignore[no-untyped-def]
    """(ATLAS, ATLAS, C) the vertices' values (V, C) at every texel."""
    size, channels = vertex.shape[0], values.shape[1]
    out = np.empty((size, vertex.shape[1], channels), np.float32)
    for y in range(size):
        for x in range(vertex.shape[1]):
            i, j, k = vertex[y, x]
            u, v, w = weight[y, x]
            for c in range(channels):
                out[y, x, c] = u * values[i, c] + v * values[j, c] + w * values[k, c]
    return out
