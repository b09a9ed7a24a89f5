"""Things people wear, drawn over a face whose 66 points are known: the points stay exact where they are hidden.

Strengths were chosen by looking at contact sheets.
"""

from __future__ import annotations

import cv2
import numpy as np

from tracker import topology as t

Rng = np.random.Generator

_SHIFT = 4
"""OpenCV draws to a sixteenth of a pixel with this."""


def _blend(image: np.ndarray, fill: np.ndarray, outline: list[np.ndarray], rng: Rng, strength: float = 1) -> np.ndarray:
    """`fill` within the closed outlines (n, 2) px, with soft edges."""
    mask = np.zeros(image.shape[:2], np.uint8)
    for points in outline:
        fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SHIFT)
    alpha = cv2.GaussianBlur(mask, (3, 3), rng.uniform(0.4, 0.9)).astype(np.float32) * np.float32(strength / 255)
    return cv2.blendLinear(image, fill, 1 - alpha, alpha)


def _line(image: np.ndarray, points: np.ndarray, colour: list[float], thickness: int) -> None:
    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(image, [fixed], False, colour, thickness, cv2.LINE_AA, _SHIFT)


def _cloth(image: np.ndarray, other: np.ndarray, rng: Rng) -> np.ndarray:
    """Plain, as surgical masks are, black, of any colour, or printed."""
    height, width = image.shape[:2]
    kind = rng.random()
    if kind < 0.15:
        return cv2.GaussianBlur(cv2.resize(other, (width, height)), (0, 0), rng.uniform(0.5, 3))
    if kind < 0.55:
        colour = np.array([225, 205, 165]) * rng.uniform(0.75, 1.1, 3)  # from white to surgical blue
    elif kind < 0.75:
        colour = np.full(3, rng.uniform(15, 60))
    else:
        colour = rng.uniform(20, 240, 3)
    light = float(np.clip(image.mean() / 110, 0.3, 1.2))
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    angle = rng.normal(0, 0.25)
    shade = 1 + rng.uniform(0, 0.12) * np.sin((y * np.cos(angle) + x * np.sin(angle)) * rng.uniform(20, 60))
    shade *= 1 + rng.uniform(-0.3, 0.3) * (x - 0.5) + rng.uniform(-0.3, 0.3) * (y - 0.5)
    return np.clip(shade[..., None] * colour * light, 0, 255).astype(np.uint8)


def put_on_mask(image: np.ndarray, points: np.ndarray, other: np.ndarray, rng: Rng) -> np.ndarray:
    """A face mask, now and then below the nose. image (H, W, 3), points (66, 2) px, other: a picture for its print."""
    below_nose = rng.random() < 0.15
    top = (
        points[33] + 0.3 * (points[50] - points[33])
        if below_nose
        else points[27] + rng.uniform(0.35, 0.8) * (points[30] - points[27])
    )
    side = int(rng.integers(1, 4))
    jaw = points[side : 17 - side]
    centre = jaw.mean(axis=0)
    jaw = centre + (jaw - centre) * rng.uniform(0.97, 1.07)
    down = points[8] - points[27]
    lift = rng.uniform(-0.12, 0.12) * down
    right, left = jaw[0] + lift, jaw[-1] + lift
    # From the left corner to the nose and on to the right corner, bulging upwards over the cheeks or not.
    bulge = rng.uniform(-0.02, 0.06) * down
    upper = [left, 0.5 * (left + top) - bulge, top, 0.5 * (right + top) - bulge, right]
    image = _blend(image, _cloth(image, other, rng), [np.concatenate([jaw[1:-1], upper])], rng)
    if rng.random() < 0.7:
        tone = [float(rng.uniform(20, 235))] * 3
        thickness = max(1, round(image.shape[0] * rng.uniform(0.005, 0.015)))
        for corner, ear in ((right, points[0]), (left, points[16])):
            _line(image, np.stack([corner, ear - 0.05 * down]), tone, thickness)
    return image


def put_on_glasses(image: np.ndarray, points: np.ndarray, rng: Rng) -> np.ndarray:
    """A frame round both eyes, with clear, shining or dark lenses. image (H, W, 3), points (66, 2) px."""
    right, left = points[t.RIGHT_EYE].mean(axis=0), points[t.LEFT_EYE].mean(axis=0)
    across = (left - right) / max(float(np.linalg.norm(left - right)), 1e-3)
    down = np.array([-across[1], across[0]])
    height = float(np.linalg.norm(points[33] - points[27])) * rng.uniform(0.36, 0.6)
    squareness = rng.uniform(2, 5)
    drop = rng.uniform(0, 0.3) * height * down
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    lenses = []
    for eye, outer, inner in (
        (right, points[t.RIGHT_EYE_OUTER], points[t.RIGHT_EYE_INNER]),
        (left, points[t.LEFT_EYE_OUTER], points[t.LEFT_EYE_INNER]),
    ):
        half = 0.5 * (outer - inner) * rng.uniform(1.4, 1.6)
        bend = [np.sign(f(angles)) * np.abs(f(angles)) ** (2 / squareness) for f in (np.cos, np.sin)]
        lenses.append(eye + drop + bend[0][:, None] * half + bend[1][:, None] * down * height)
    kind = rng.random()
    if kind < 0.25:
        dark = np.empty_like(image)
        dark[:] = rng.uniform(0, 70, 3)
        image = _blend(image, dark, lenses, rng, rng.uniform(0.5, 0.97))
    elif kind < 0.6:
        shine = np.empty_like(image)
        shine[:] = rng.uniform(150, 255)
        start, width = rng.uniform(-0.6, 0.4), rng.uniform(0.15, 0.6)
        strips = []
        for eye in (right, left):
            corner = eye + drop
            a, b = corner + height * start * across, corner + height * (start + width) * across
            strips.append(
                np.stack(
                    [
                        a - height * down * 0.8,
                        b - height * down * 0.8,
                        b + height * down * 0.8 + height * 0.3 * across,
                        a + height * down * 0.8 + height * 0.3 * across,
                    ]
                )
            )
        image = _blend(image, shine, strips, rng, rng.uniform(0.15, 0.7))
    else:
        image = image.copy()
    tone = rng.uniform(0, 90, 3) if rng.random() < 0.75 else rng.uniform(60, 230, 3)
    colour = [float(v) for v in tone]
    thickness = max(1, round(image.shape[0] * rng.uniform(0.006, 0.028)))
    for lens in lenses:
        _line(image, np.concatenate([lens, lens[:1]]), colour, thickness)
    bridge = [
        lens[np.argmin(np.abs((lens - other) @ across))] for lens, other in zip(lenses, (left, right), strict=True)
    ]
    _line(image, np.stack(bridge), colour, thickness)
    temples = (lenses[0][np.argmin(lenses[0] @ across)], lenses[1][np.argmax(lenses[1] @ across)])
    for end, ear in zip(temples, (points[0], points[16]), strict=True):
        _line(image, np.stack([end, ear]), colour, thickness)
    return image


def put_on_hat(image: np.ndarray, points: np.ndarray, other: np.ndarray, rng: Rng) -> np.ndarray:
    """A cap, hood or headband down to the forehead or the brows. image (H, W, 3), points (66, 2) px."""
    down, across = points[8] - points[27], points[16] - points[0]
    edge = _brows(points) - rng.uniform(0.0, 0.35) * down
    half = rng.uniform(0.5, 0.68) * across
    angles = np.linspace(0, np.pi, 16)
    crown = edge + np.cos(angles)[:, None] * half - np.sin(angles)[:, None] * rng.uniform(0.25, 1.1) * down
    brim = edge - np.cos(angles)[:, None] * half + np.sin(angles)[:, None] * rng.uniform(-0.15, 0.08) * down
    return _blend(image, _cloth(image, other, rng), [np.concatenate([crown, brim])], rng)


def let_hair_fall(image: np.ndarray, points: np.ndarray, rng: Rng) -> np.ndarray:
    """A fringe over forehead, brows and now and then an eye. image (H, W, 3), points (66, 2) px."""
    down, across = points[8] - points[27], points[16] - points[0]
    roots = _brows(points) - rng.uniform(0.5, 0.8) * down
    parting, spread, length = rng.uniform(-0.4, 0.4), rng.uniform(0.15, 0.6), rng.uniform(0.45, 1.1)
    tone = (np.array([0.6, 0.8, 1.0]) if rng.random() < 0.7 else np.ones(3)) * rng.uniform(10, 170)
    hair = image.copy()
    for _ in range(int(rng.integers(15, 70))):
        root = roots + (parting + rng.uniform(-spread, spread)) * across
        tip = root + length * rng.uniform(0.6, 1.1) * down + rng.normal(0, 0.08) * across
        bend = 0.5 * (root + tip) + rng.normal(0, 0.02) * across
        colour = [float(v) for v in np.clip(tone * rng.uniform(0.6, 1.3), 0, 255)]
        _line(hair, np.stack([root, bend, tip]), colour, max(1, round(image.shape[0] * rng.uniform(0.006, 0.02))))
    strength = rng.uniform(0.6, 1.0)
    return cv2.addWeighted(hair, strength, image, 1 - strength, 0)


def _brows(points: np.ndarray) -> np.ndarray:
    """(2,) the middle of both brows."""
    middle: np.ndarray = points[17:27].mean(axis=0)
    return middle
