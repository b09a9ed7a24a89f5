"""What is on a face besides skin: beards, moustaches, stubble, lipstick, eye shadow, blush, freckles and moles.

It is painted into a transparent layer over the face's part of the skin's texture, drawn a little above the skin. Where
hair grows is said by the place on the mean head; lips and lids by the edge loops round mouth and eyes.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numba
import numpy as np

from training.synthetic.makehuman_files import Assets
from training.synthetic.makehuman_points import OUTER_LIP_ROW, PointMap, mean_head
from training.synthetic.staging import Mesh

FloatArray = np.ndarray

SIZE = 512
FACE_UV = (0.79, 0.36, 1.0, 0.62)
"""The face in the skins' textures: left, bottom, right, top."""
RIM_PX, RIM_STEP = 6.0, 4
"""How far colours reach beyond what is painted, texels, and in what steps that is worked out."""
LIFT_CM = 0.02
FRONT_CM = 4.0  # of the mean head's z: further back there is no face
LIPSTICKS = np.array([[0.72, 0.12, 0.16], [0.55, 0.1, 0.2], [0.8, 0.35, 0.38], [0.45, 0.2, 0.18], [0.25, 0.08, 0.14]])
BEARD_SHARE, STUBBLE_SHARE, MAKE_UP_SHARE, BLEMISH_SHARE = 0.28, 0.25, 0.4, 0.5


class FacePaint:
    """The layer's mesh, and painters for it."""

    def __init__(self, assets: Assets, points: PointMap) -> None:
        self._points = points
        self._head = mean_head(assets)
        corner_uv = assets.uv[assets.uv_triangles]
        left, bottom, right, top = FACE_UV
        inside = ((corner_uv > (left, bottom)) & (corner_uv < (right, top))).all(axis=(1, 2))
        front = self._head[assets.triangles][..., 2].min(axis=1) > FRONT_CM
        cavity = np.isin(assets.triangles, points.mouth[10:]).any(axis=1) | np.isin(
            assets.triangles, points.eyes[:, 11:]
        ).any(axis=1)
        chosen = inside & front & ~cavity
        self._uv = ((assets.uv - (left, bottom)) / (right - left, top - bottom)).astype(np.float32)
        self._triangles, self._uv_triangles = assets.triangles[chosen], assets.uv_triangles[chosen]
        self.mesh = Mesh(self._triangles, self._uv, self._uv_triangles)
        self._uv_of = np.zeros(len(assets.base), np.int64)
        self._uv_of[assets.triangles] = assets.uv_triangles

    @cached_property
    def place(self) -> FloatArray:
        """(SIZE, SIZE, 3) which place of the mean head each texel is; NaN where none."""
        out = np.full((SIZE, SIZE, 3), np.nan, np.float32)
        for triangle, corners in zip(self._triangles, self._uv_triangles, strict=True):
            at = self._texels(corners)
            low, high = np.floor(at.min(axis=0)).astype(int), np.ceil(at.max(axis=0)).astype(int) + 1
            x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
            system = np.vstack([at.T, np.ones(3)])
            weights = np.linalg.solve(system + 1e-9 * np.eye(3), np.stack([x.ravel(), y.ravel(), np.ones(x.size)]))
            hit = (weights > -0.02).all(axis=0) & (x.ravel() >= 0) & (x.ravel() < SIZE)
            hit &= (y.ravel() >= 0) & (y.ravel() < SIZE)
            out[y.ravel()[hit], x.ravel()[hit]] = weights[:, hit].T @ self._head[triangle]
        return out

    def paint(self, rng: np.random.Generator, male: float, years: float, hair: FloatArray) -> np.ndarray | None:
        """(SIZE, SIZE, 4) uint8 RGBA, or None where nothing is worn. hair: (3,) sRGB of the beard."""
        layers: list[tuple[FloatArray, FloatArray]] = self._blemishes(rng) if rng.random() < BLEMISH_SHARE else []
        if male > 0.5 and years > 16:
            kind = rng.random()
            if kind < BEARD_SHARE:
                layers.append((hair * rng.uniform(0.7, 1.1), self._beard(rng, full=True)))
            elif kind < BEARD_SHARE + STUBBLE_SHARE:
                layers.append((hair * 0.8, self._beard(rng, full=False)))
        if male <= 0.5 and years > 13 and rng.random() < MAKE_UP_SHARE:
            layers += self._make_up(rng)
        if not layers:
            return None
        mixed = np.zeros((SIZE, SIZE, 4), np.float32)  # the colour times its alpha, then alpha
        for tint, cover in layers:
            _lay(mixed.reshape(-1, 4), np.asarray(tint, np.float32), np.ascontiguousarray(cover, np.float32).ravel())
        # colour reaches beyond what is painted, so that no dark rim appears where texels are mixed
        small = cv2.resize(mixed, (SIZE // RIM_STEP, SIZE // RIM_STEP), interpolation=cv2.INTER_AREA)
        near = cv2.resize(cv2.GaussianBlur(small, (0, 0), RIM_PX / RIM_STEP), (SIZE, SIZE))
        return np.asarray(_with_rim(mixed, np.asarray(near, np.float32)))

    def _blemishes(self, rng: np.random.Generator) -> list[tuple[FloatArray, FloatArray]]:
        """Uneven redness, freckles, moles."""
        coarse = cv2.resize(rng.normal(0, 1, (12, 12)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        red = np.array([0.6, 0.25, 0.2]) * rng.uniform(0.4, 1.3)
        layers = [(red, np.clip(coarse, 0, 2) * rng.uniform(0, 0.12))]
        spots = np.zeros((SIZE, SIZE), np.float32)
        many = rng.random() < 0.3
        for _ in range(rng.integers(80, 400) if many else rng.integers(0, 7)):
            centre = tuple(int(v) for v in rng.integers(0, SIZE * 16, 2))
            radius = int(16 * (rng.uniform(0.4, 1.3) if many else rng.uniform(0.8, 2.5)))
            cv2.circle(spots, centre, radius, float(rng.uniform(0.3, 1)), -1, cv2.LINE_AA, 4)
        strength = rng.uniform(0.15, 0.45) if many else rng.uniform(0.4, 0.8)
        layers.append((np.array([0.25, 0.13, 0.08]), cv2.GaussianBlur(spots, (0, 0), 0.8) * strength))
        return layers

    def _beard(self, rng: np.random.Generator, full: bool) -> FloatArray:
        """(SIZE, SIZE) how much a beard covers: one of several shapes, with hairs."""
        x, y, z = np.nan_to_num(self.place, nan=1e3).transpose(2, 0, 1)
        across = np.abs(x)
        mouth = self._head[self._points.mouth[OUTER_LIP_ROW]]
        upper, lower, corner = mouth[:, 1].max(), mouth[:, 1].min(), mouth[:, 0].max()
        line = np.interp(across, [0, corner, corner + 2, 7], [lower, lower + 0.4, upper + 0.5, upper + 4.5])
        jaw = _ramp(line + rng.normal(0, 0.4) - y, 0.9)
        moustache = _ramp(upper + 0.95 - y, 0.35) * _ramp(y - lower, 0.3) * _ramp(corner + 0.6 - across, 0.5)
        chin = _ramp(rng.uniform(1.6, 3.0) - across, 0.5) * _ramp(lower + 0.2 - y, 0.4)
        sides = _ramp(across - corner + 0.25, 0.3) * _ramp(corner + 0.9 - across, 0.4) * _ramp(upper - y, 0.4)
        shape = rng.choice(["full", "moustache", "goatee", "chin"], p=[0.55, 0.15, 0.2, 0.1]) if full else "full"
        mask = {
            "full": np.maximum(jaw, moustache),
            "moustache": moustache,
            "goatee": np.maximum.reduce([chin, moustache, sides]),
            "chin": chin,
        }[str(shape)]
        mask = mask * (z < 900) * (1 - self._lips(rng, blur=1.5)) * _ramp(y - 57, 2.0)
        grain = rng.normal(0, 1, (SIZE, SIZE)).astype(np.float32)
        if full:
            hairs = (
                cv2.GaussianBlur(grain, (0, 0), sigmaX=3.2, sigmaY=0.7) * 2.6
            )  # the chin points sideways in the texture
            cover = rng.uniform(0.6, 1.0) * np.clip(mask * 1.5 - 0.25 + 0.28 * hairs * mask, 0, 1)
        else:
            cover = rng.uniform(0.12, 0.4) * mask * np.clip(0.75 + 0.45 * cv2.GaussianBlur(grain, (0, 0), 0.8), 0, 1.6)
        return np.asarray(np.clip(cover, 0, 1))

    def _make_up(self, rng: np.random.Generator) -> list[tuple[FloatArray, FloatArray]]:
        layers = []
        if rng.random() < 0.8:
            red = np.array(
                [[0.72, 0.12, 0.16], [0.55, 0.1, 0.2], [0.8, 0.35, 0.38], [0.45, 0.2, 0.18], [0.25, 0.08, 0.14]]
            )
            layers.append((red[rng.integers(5)] * rng.uniform(0.8, 1.2), self._lips(rng, 2.0) * rng.uniform(0.3, 0.9)))
        if rng.random() < 0.6:
            shadow = rng.uniform(0.1, 0.6, 3) if rng.random() < 0.4 else np.array([0.3, 0.2, 0.18])
            layers.append((shadow, self._upper_lids(3, 9, 5.0) * rng.uniform(0.2, 0.7)))
        if rng.random() < 0.5:
            layers.append((np.full(3, 0.05), self._upper_lids(8, 10, 1.2) * rng.uniform(0.5, 1)))
        if rng.random() < 0.4:
            x, y, z = np.nan_to_num(self.place, nan=1e3).transpose(2, 0, 1)
            spot = np.exp(-(((np.abs(x) - 4.2) / 1.5) ** 2) - ((y - 69.8) / 1.2) ** 2) * (z < 900)
            layers.append((np.array([0.8, 0.35, 0.35]), spot * rng.uniform(0.1, 0.35)))
        return layers

    def _lips(self, rng: np.random.Generator, blur: float) -> FloatArray:
        """(SIZE, SIZE) 1 on the red of the lips."""
        mask = np.zeros((SIZE, SIZE), np.float32)
        cv2.fillPoly(
            mask, [np.round(self._texels(self._uv_of[self._points.mouth[OUTER_LIP_ROW]])).astype(np.int32)], 1.0
        )
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur * rng.uniform(0.7, 1.3)))

    def _upper_lids(self, outer_row: int, inner_row: int, blur: float) -> FloatArray:
        """(SIZE, SIZE) 1 on both upper lids between two rows of their grids."""
        mask = np.zeros((SIZE, SIZE), np.float32)
        upper = slice(0, self._points.inner_corner + 1)
        for grid in self._points.eyes:
            border = np.concatenate([grid[outer_row, upper], grid[inner_row, upper][::-1]])
            cv2.fillPoly(mask, [np.round(self._texels(self._uv_of[border])).astype(np.int32)], 1.0)
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur))

    def _texels(self, uv: np.ndarray) -> FloatArray:
        """(N, 2) x, y in the layer of texture coordinates given by number."""
        at = self._uv[uv] * SIZE
        return np.column_stack([at[:, 0], SIZE - at[:, 1]])


@numba.njit(cache=True)
def _lay(mixed: FloatArray, tint: FloatArray, cover: FloatArray) -> None:
    """Lay a colour over `mixed` (N, 4), which holds colours times their alpha, and alpha; in place."""
    for i in range(len(cover)):
        for c in range(3):
            mixed[i, c] = tint[c] * cover[i] + mixed[i, c] * (np.float32(1) - cover[i])
        mixed[i, 3] = cover[i] + mixed[i, 3] * (np.float32(1) - cover[i])


@numba.njit(cache=True)
def _with_rim(mixed: FloatArray, near: FloatArray) -> np.ndarray:
    """(H, W, 4) uint8 RGBA of `mixed`, with the colours of `near` where hardly anything is painted."""
    out = np.empty(mixed.shape, np.uint8)
    for y in range(mixed.shape[0]):
        for x in range(mixed.shape[1]):
            source = mixed[y, x] if mixed[y, x, 3] > 0.02 else near[y, x]
            for c in range(3):
                out[y, x, c] = np.uint8(min(max(source[c] / max(source[3], np.float32(1e-6)), 0), 1) * 255)
            out[y, x, 3] = np.uint8(min(max(mixed[y, x, 3], 0), 1) * 255)
    return out


def _ramp(value: FloatArray, width: float) -> FloatArray:
    """0 below -width, 1 above width."""
    return np.asarray(np.clip(value / width * 0.5 + 0.5, 0, 1))
