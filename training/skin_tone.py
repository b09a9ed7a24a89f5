"""Darker skin on photographs of lighter people; no point moves."""

from __future__ import annotations

import cv2
import numpy as np

from tracker import topology as t

TONES = np.array([(0.55, 0.70, 0.85), (0.45, 0.60, 0.78), (0.70, 0.80, 0.90), (0.60, 0.66, 0.72)], np.float32)
"""Blue, green and red left when lightness falls by about a third: brown, red brown, light brown, grey brown."""


def darken_skin(image: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`image` (H, W, 3) uint8 BGR with what is coloured like the cheeks made darker.

    points: (153, 2) px. Eyes, teeth, hair and background differ in colour and stay as they are.
    """
    height, width = image.shape[:2]
    cheeks = points[t.N_LANDMARKS + np.r_[t.DENSE_RIGHT_CHEEK, t.DENSE_LEFT_CHEEK]]
    x = np.clip(np.round(cheeks[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.round(cheeks[:, 1]).astype(int), 0, height - 1)
    colours = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    skin = np.median(colours[y, x], axis=0)
    apart = np.square((colours - skin) / (90, 11, 11)).sum(axis=2)
    alpha = cv2.GaussianBlur(np.exp(-0.5 * apart), (0, 0), 0.008 * width + 0.3)[:, :, None]
    tone = TONES[rng.integers(len(TONES))] ** np.float32(rng.uniform(0.5, 1.8))
    return np.clip(image * (1 - alpha + alpha * tone), 0, 255).astype(np.uint8)
