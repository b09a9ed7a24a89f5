"""Faces by the tone of their skin: the individual typology angle of the cheeks, as it comes out of the camera."""

from __future__ import annotations

import cv2
import numpy as np

from tracker import topology as t

DARK, LIGHT = 0.0, 41.0
"""Degrees between the three groups."""
NAMES = ("dark", "medium", "light")


def typology_angle(picture: np.ndarray, landmarks: np.ndarray) -> float:
    """Degrees, 90 lightest to -90 darkest: the median of both cheeks of `picture` (H, W, 3) uint8 BGR."""
    eye = float(np.linalg.norm(landmarks[t.LEFT_EYE_OUTER] - landmarks[t.RIGHT_EYE_OUTER]))
    half = max(2, int(0.06 * eye))
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    patches = []
    for above, below in ((t.RIGHT_EYE_OUTER, t.RIGHT_MOUTH_CORNER), (t.LEFT_EYE_OUTER, t.LEFT_MOUTH_CORNER)):
        x, y = (0.5 * (landmarks[above] + landmarks[below])).astype(int)
        patch = lab[max(0, y - half) : y + half, max(0, x - half) : x + half].reshape(-1, 3)
        if len(patch):
            patches.append(np.median(patch, axis=0))
    if not patches:
        return float("nan")
    lightness, _, yellow = np.mean(patches, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1e-3))))


def group_of(angles: np.ndarray) -> np.ndarray:
    """(N,) degrees -> indices into NAMES."""
    return np.digitize(angles, (DARK, LIGHT))
