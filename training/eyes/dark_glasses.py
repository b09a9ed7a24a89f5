"""Dark glasses over an eye's crop: behind them neither lids nor gaze can be told."""

from __future__ import annotations

import cv2
import numpy as np

from training.photometric import Picture


def behind_dark_glasses(crop: Picture, rng: np.random.Generator) -> tuple[Picture, float]:
    """The crop with a tinted lens over the eye, and the lens's opacity where the eye is."""
    height, width = crop.shape[:2]
    centre = (int(width * rng.normal(0.5, 0.07)), int(height * rng.normal(0.52, 0.07)))
    axes = (int(width * rng.uniform(0.42, 0.75)), int(height * rng.uniform(0.42, 0.8)))
    tilt = float(rng.normal(0, 6))
    lens, rim = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    thick = max(1, int(width / 48 * rng.uniform(0.5, 4)))
    if rng.random() < 0.6:
        cv2.ellipse(lens, centre, axes, tilt, 0, 360, 255, -1, cv2.LINE_AA)
        cv2.ellipse(rim, centre, axes, tilt, 0, 360, 255, thick, cv2.LINE_AA)
    else:
        box = cv2.boxPoints((centre, (2 * axes[0], 2 * axes[1]), tilt)).astype(np.int32)
        cv2.fillPoly(lens, [box], 255)
        cv2.polylines(rim, [box], True, 255, thick, cv2.LINE_AA)
    opacity = float(rng.uniform(0.4, 1.0)) if rng.random() < 0.4 else float(rng.uniform(0.92, 1.0))
    lighter = rng.uniform(0, 0.25) if rng.random() < 0.5 else 0.0  # many lenses are darker at the top
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    share = (opacity * (1 - lighter * np.maximum(down - 0.5, 0)))[:, :, None] * (lens[:, :, None] / 255.0)
    tint = rng.uniform(5, 60) * np.exp(rng.normal(0, 0.25, 3))
    glass = np.broadcast_to(tint, crop.shape).astype(np.float32)
    glass = _with_reflections(glass, rng)
    seen = share * glass + (1 - share) * crop
    frame = (rim[:, :, None] / 255.0) * float(rng.random() < 0.8)
    seen = frame * rng.uniform(0, 90, 3) + (1 - frame) * seen
    return np.clip(seen, 0, 255).astype(np.uint8), opacity


def _with_reflections(glass: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is in front of the wearer, faint and blurred, and a lamp or a window."""
    height, width = glass.shape[:2]
    scene = np.exp(rng.normal(0, 0.5, (3, 4, 1))).astype(np.float32) * float(rng.uniform(0, 40))
    glass = glass + cv2.resize(scene, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    for _ in range(int(rng.integers(0, 3))):
        light = np.zeros((height, width), np.float32)
        at = (int(width * rng.uniform(0.1, 0.9)), int(height * rng.uniform(0.1, 0.9)))
        axes = (int(width * rng.uniform(0.02, 0.2)) + 1, int(height * rng.uniform(0.02, 0.3)) + 1)
        cv2.ellipse(light, at, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        light = cv2.GaussianBlur(light, (0, 0), width / 48 * rng.uniform(0.4, 3)) * rng.uniform(0.1, 0.9)
        glass = glass + light[:, :, None] * (rng.uniform(120, 255) - glass)
    return glass
