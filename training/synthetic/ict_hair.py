"""Hair for ICT's bare skull: a hairline of the person's own, volume over the skull, and now and then long hair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from training.synthetic.ict_model import N_SKIN, IctModel
from training.synthetic.staging import Mesh

FloatArray = npt.NDArray[np.floating]
Texture = npt.NDArray[np.uint8]

COLOURS = (
    (0.06, 0.05, 0.05),
    (0.13, 0.09, 0.07),
    (0.25, 0.16, 0.10),
    (0.45, 0.32, 0.18),
    (0.62, 0.48, 0.30),
    (0.40, 0.18, 0.09),
    (0.55, 0.54, 0.53),
    (0.85, 0.84, 0.82),
)
_ODDS = (0.30, 0.25, 0.15, 0.07, 0.06, 0.03, 0.09, 0.05)
_ODDS_DARK_SKIN = (0.70, 0.16, 0.0, 0.0, 0.01, 0.0, 0.09, 0.04)
COLUMNS, ROWS = 49, 18
STRANDS_PX = 256


@dataclass(frozen=True, slots=True, eq=False)
class Hair:
    """colour: sRGB 0 to 1. share: (N_SKIN,) 1 where hair grows. offsets: (N_SKIN, 3) cm, how it stands off the skull.
    fall: (ROWS * COLUMNS, 3) cm, vertices of long hair, or None."""

    colour: FloatArray
    share: FloatArray
    offsets: FloatArray
    fall: FloatArray | None


def sample_hair(rng: np.random.Generator, model: IctModel, skin_brightness: float) -> Hair:
    """The hair of one person whose skin has that brightness (0 to 1)."""
    odds = np.array(_ODDS_DARK_SKIN if skin_brightness < 0.42 else _ODDS)
    colour = np.array(COLOURS[rng.choice(len(COLOURS), p=odds / odds.sum())]) * rng.uniform(0.7, 1.25)
    bald = rng.random() < 0.09
    share = _growth(rng, model) * (0.0 if bald else 1.0)
    away = model.neutral[:N_SKIN] - np.array([0, 2.0, 0])
    away = away / np.linalg.norm(away, axis=1, keepdims=True)
    waves = np.sin(away @ rng.normal(0, 5, (3, 4)) + rng.uniform(0, 6, 4)).mean(axis=1)
    thickness = rng.uniform(0, 2.0) * np.clip(share * 1.3 - 0.3, 0, 1) * (1 + 0.5 * waves)
    long = not bald and rng.random() < 0.38
    fall = _fall(rng, float(thickness.max())) if long else None
    return Hair(np.clip(colour, 0.03, 0.95), share, (thickness[:, None] * away).astype(np.float32), fall)


def _growth(rng: np.random.Generator, model: IctModel) -> FloatArray:
    x, y, z = model.neutral[:N_SKIN].T.astype(np.float64)
    ripple = sum(rng.normal(0, 0.22) * np.sin(k * x * 0.7 + rng.uniform(0, 6)) for k in (1, 2, 4))
    rounded = rng.normal(-0.03, 0.03)  # + recedes at the temples
    softness = rng.uniform(0.5, 1.6)
    line = max(8.5, rng.normal(9.3, 0.9)) + rounded * x * x + ripple
    front = (y - line) / softness + 0.5
    behind = np.minimum((-0.4 - z) / 1.0 + 0.5, (y + rng.uniform(3, 7.5)) / 1.5)
    temple = np.minimum((rng.normal(3.0, 0.5) - z) / 1.0 + 0.3, (y - rng.normal(4.4, 1.0)) / 1.2)
    share = np.clip(np.maximum(front, np.maximum(behind, temple)), 0, 1)
    return np.where((np.abs(x) > 7.6) & (y < 4.9) & (z > -3.2), 0, share)  # ears


def fall_mesh() -> Mesh:
    """A sheet round the back of the head: rows from the crown down, columns from one temple to the other."""
    grid = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    triangles = np.concatenate([np.stack(t, axis=-1).reshape(-1, 3) for t in ((a, c, b), (b, c, d))])
    u, v = np.meshgrid(np.linspace(0, 3, COLUMNS), np.linspace(1, 0, ROWS))
    return Mesh(triangles.astype(np.int32), np.column_stack([u.ravel(), v.ravel()]).astype(np.float32))


def _fall(rng: np.random.Generator, thickness: float) -> FloatArray:
    reach = np.radians(rng.uniform(95, 128))
    turn = np.linspace(-reach, reach, COLUMNS)[None]
    down = np.linspace(0, 1, ROWS)[:, None]
    bottom = rng.uniform(-17, -3)
    y = 13.2 + thickness * 0.5 + (bottom - 13.2) * down
    dome = np.sqrt(np.clip(1 - np.square(np.clip(y - 4.5, 0, None) / 9.6), 0.02, 1))
    width = (8.3 + thickness * 0.7 + rng.uniform(0, 1.5) * down - rng.uniform(0, 2.5) * down**2) * dome
    depth = (9.6 + thickness * 0.5 - rng.uniform(0, 3) * down**2) * dome
    wave = rng.uniform(0, 0.35) * np.sin(9 * down + 5 * turn + rng.uniform(0, 6)) * down
    x = (width + wave) * np.sin(turn)
    z = 0.3 - (depth + wave) * np.cos(turn)
    return np.stack([x + 0 * y, y + 0 * x, z + 0 * y], axis=-1).reshape(-1, 3).astype(np.float32)


def strands(rng: np.random.Generator, size: int) -> FloatArray:
    """(size, size) 0 to 1: light and dark strands that run down."""
    noise = rng.uniform(0, 1, (size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.8, sigmaY=9)
    return np.asarray(np.clip((smooth - 0.5) * 6 + 0.5, 0, 1), np.float32)


def fall_texture(rng: np.random.Generator, colour: FloatArray) -> Texture:
    """(STRANDS_PX, STRANDS_PX, 4) RGBA, ragged at the lower end and at the temples."""
    light = strands(rng, STRANDS_PX)
    length = cv2.GaussianBlur(rng.uniform(0.7, 1.05, (1, STRANDS_PX)).astype(np.float32), (0, 0), 2)
    alpha = np.clip((length - np.linspace(0, 1, STRANDS_PX)[:, None]) * 12, 0, 1)
    rgb = np.array(colour) * (0.55 + 0.8 * light[..., None])
    return np.asarray(np.clip(np.dstack([rgb, alpha]), 0, 1) * 255, np.uint8)
