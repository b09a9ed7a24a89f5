"""Seeded pictures on which torch and ONNX must agree, the same on every machine and NumPy version."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SEEDS = (1, 2, 3)
RELATIVE_TOLERANCE = 2e-3
"""Largest allowed difference, relative to the largest magnitude of an output (at least 1)."""


def seeded_picture(seed: int, shape: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    """Blurry blobs with a little grain: (N, H, W, 3) uint8.

    Made from PCG64's raw stream, which NumPy keeps stable, and integers alone: white noise would exercise
    a network far from where it works.
    """
    count, height, width, channels = shape
    raw = np.random.PCG64(seed)
    coarse_height, coarse_width = height // 8 + 2, width // 8 + 2

    def draw(*size: int) -> npt.NDArray[np.int64]:
        return (raw.random_raw(int(np.prod(size))) >> np.uint64(56)).astype(np.int64).reshape(size)

    coarse = draw(count, coarse_height, coarse_width, channels)
    y, x = np.arange(height), np.arange(width)
    rows = coarse[:, y // 8] * (8 - y % 8)[:, None, None] + coarse[:, y // 8 + 1] * (y % 8)[:, None, None]
    smooth = rows[:, :, x // 8] * (8 - x % 8)[:, None] + rows[:, :, x // 8 + 1] * (x % 8)[:, None]
    grain = draw(count, height, width, channels) // 16
    return np.clip(smooth // 64 + grain - 8, 0, 255).astype(np.uint8)


def largest_difference(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Largest absolute difference over the largest magnitude in `a` (at least 1)."""
    return float(np.abs(a - b).max() / max(1.0, float(np.abs(a).max())))
