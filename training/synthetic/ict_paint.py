"""What is on the skin and was not in the photograph: lipstick, eye shadow, stubble, spots, clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from training.synthetic.ict_model import N_FACE, N_SKIN, IctModel

FloatArray = npt.NDArray[np.floating]

LIPSTICKS = ((0.62, 0.10, 0.14), (0.75, 0.25, 0.30), (0.50, 0.12, 0.20), (0.80, 0.45, 0.42), (0.35, 0.10, 0.12))
SHADOWS = ((0.25, 0.18, 0.16), (0.45, 0.30, 0.28), (0.30, 0.30, 0.45), (0.15, 0.12, 0.14), (0.55, 0.40, 0.30))


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Shares of vertices in a region: lips, beard, upper lids (N_FACE,); height above a collar's plane (N_SKIN,) cm."""

    lips: FloatArray
    beard: FloatArray
    lids: FloatArray
    height: FloatArray


def regions(model: IctModel, lids: FloatArray) -> Regions:
    """Where things are on the model; `lids` (N_FACE,) the share of the upper lids."""
    neutral = model.neutral[:N_FACE]
    x, y, z = neutral.T
    outline = model.dense.on(model.neutral)[:20, :2].astype(np.float32)
    inside = np.array([cv2.pointPolygonTest(outline, (float(a), float(b)), True) for a, b in neutral[:, :2]])
    lips = np.clip(inside / 0.12 + 0.5, 0, 1) * (z > 8)
    jaw = np.clip((-2.2 + 0.05 * np.abs(x) ** 1.6 - y) / 1.2, 0, 1) * np.clip((y + 9.5) / 1.5, 0, 1)
    beard = np.clip(jaw * np.clip((z + 1.5) / 2, 0, 1) - lips, 0, 1)
    skin = model.neutral[:N_SKIN]
    return Regions(lips, beard, np.asarray(lids), skin[:, 1] - 0.045 * skin[:, 0] ** 2 - 0.03 * skin[:, 2])


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """What one person wears: strengths 0 to 1 and colours, sRGB."""

    lip_strength: float
    lip_colour: FloatArray
    lid_strength: float
    lid_colour: FloatArray
    stubble: float
    spots: int
    collar: float
    cloth: FloatArray


def sample_paint(rng: np.random.Generator) -> Paint:
    """Most people wear little of it, nearly all of them clothes."""
    made_up = rng.random() < 0.3
    return Paint(
        float(rng.uniform(0.2, 0.8)) if made_up else 0.0,
        np.array(LIPSTICKS[rng.integers(len(LIPSTICKS))]),
        float(rng.uniform(0.15, 0.7)) if made_up and rng.random() < 0.7 else 0.0,
        np.array(SHADOWS[rng.integers(len(SHADOWS))]),
        float(rng.uniform(0.15, 0.75)) if not made_up and rng.random() < 0.35 else 0.0,
        int(rng.integers(5, 60)) if rng.random() < 0.25 else int(rng.integers(0, 3)),
        float(rng.uniform(-17.5, -12.5)),
        rng.uniform(0.03, 0.95) + rng.normal(0, 0.15, 3) * rng.random(),
    )


def painted(
    rgb: FloatArray,
    paint: Paint,
    hair: FloatArray,
    lips: FloatArray,
    lids: FloatArray,
    beard: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """(S, S, 3) the face's texture `rgb` with paint on it; lips, lids and beard are (S, S) shares."""
    for share, strength, colour in (
        (lips, paint.lip_strength, paint.lip_colour),
        (lids, paint.lid_strength, paint.lid_colour),
    ):
        if strength > 0:
            cover = (share * strength)[..., None].astype(np.float32)
            # keeps the skin's own light and dark
            level = rgb.mean(axis=2, keepdims=True) / max(float(np.median(rgb[::4, ::4])), 0.05)
            rgb = rgb * (1 - cover) + np.clip(colour.astype(np.float32) * (0.5 + 0.5 * level), 0, 1) * cover
    if paint.stubble > 0:
        hairs = cv2.GaussianBlur(rng.random(rgb.shape[:2]).astype(np.float32), (0, 0), 0.7)
        cover = np.clip(beard * paint.stubble * (0.6 + 2.2 * (hairs - 0.5)), 0, 0.9)[..., None]
        rgb = rgb * (1 - cover) + np.minimum(hair, rgb.mean(axis=(0, 1)) * 0.6).astype(np.float32) * cover
    if paint.spots:
        marks = np.zeros(rgb.shape[:2], np.float32)
        for x, y in rng.integers(0, rgb.shape[0], (paint.spots * 3, 2)):
            cv2.circle(marks, (int(x), int(y)), int(rng.integers(1, 3)), float(rng.uniform(0.1, 0.5)), -1)
        rgb = rgb * (1 - cv2.GaussianBlur(marks, (0, 0), 0.8)[..., None] * np.array([0.6, 0.8, 0.9], np.float32))
    return rgb


def dressed(rgb: FloatArray, height: FloatArray, paint: Paint) -> FloatArray:
    """The texture with clothes where `height` (S, S) is below the collar."""
    cloth = np.clip(paint.cloth, 0.02, 0.97).astype(np.float32)
    out = np.array(rgb, np.float32)
    _dress(out.reshape(-1, 3), np.ascontiguousarray(height, np.float32).ravel(), np.float32(paint.collar), cloth)
    return out


@numba.njit(cache=True)
def _dress(rgb, height, collar, cloth):  # type: ignore[no-untyped-def]
    for i in range(len(rgb)):
        below = collar - height[i]
        cover = min(below / 0.35 + 0.5, 1.0)
        if cover > 0:
            edge = 1 - 0.45 * np.exp(-(((below - 0.4) / 0.35) ** 2))
            for c in range(3):
                rgb[i, c] = rgb[i, c] * (1 - cover) + cloth[c] * edge * cover
