"""Darkness as a cheap camera shows it: noise that is blotchy, coloured and half smoothed away, then amplified."""

from __future__ import annotations

import cv2
import numpy as np

from training.hard_light import coloured, lamp
from training.photometric import Picture, grains, through_jpeg

Rng = np.random.Generator

LIGHT = (0.03, 0.22)
"""The smallest and largest share of the light that is left."""
ELECTRONS = (6.0, 60.0)
"""Per grey level, which says how strong shot noise is."""
CHANNEL_NOISE = (1.3, 0.9, 1.0)
"""Blue, green, red: a sensor has two green pixels for each blue one, and amplifies blue."""


def night(picture: Picture, rng: Rng) -> Picture:
    """`picture` (H, W, 3) with little of its light left, as a random camera would show it."""
    light = float(np.exp(rng.uniform(*np.log(LIGHT))))
    tint = np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    if rng.random() < 0.2:
        picture = coloured(picture, lamp(rng), float(rng.uniform(0, 1)))
    left = picture * (np.float32(light) * tint)
    strength = np.sqrt(left / rng.uniform(*ELECTRONS)) + np.float32(rng.uniform(0.2, 2.5))
    noisy = left + strength * _noise(picture.shape, rng)
    if rng.random() < 0.35:  # what the camera's own smoothing leaves
        noisy = cv2.GaussianBlur(noisy, (0, 0), float(rng.uniform(0.4, 0.9)))
    if rng.random() < 0.15:
        noisy += grains((picture.shape[0], 1, 1), float(rng.uniform(0.2, 1.0)), rng)  # rows are read one by one
    noisy += np.float32(rng.uniform(-1, 3) if rng.random() < 0.4 else 0)
    gain = float(np.exp(rng.uniform(0, np.log(0.7 / light)))) if rng.random() < 0.3 else 1.0
    dark = np.clip(np.round(np.clip(noisy, 0, 255)) * gain, 0, 255).astype(np.uint8)
    return through_jpeg(dark, int(rng.integers(30, 92))) if rng.random() < 0.25 else dark


def _noise(shape: tuple[int, ...], rng: Rng) -> np.ndarray:
    """(H, W, 3) of about one grey level: partly blotchy, partly the same in all channels."""
    height, width = shape[:2]
    fine = grains(shape, 1.0, rng) * np.array(CHANNEL_NOISE, np.float32)
    if rng.random() < 0.4:
        size = float(rng.uniform(1.3, 3))
        coarse = grains((max(2, int(height / size)), max(2, int(width / size)), 3), 1.0, rng)
        share = float(rng.uniform(0.2, 0.8))
        fine = (1 - share) * fine + share * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        share = float(rng.uniform(0.3, 1))
        fine = (1 - share) * fine + share * grains((height, width, 1), 1.0, rng)
    return np.asarray(fine, np.float32)
