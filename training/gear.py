"""What streamers wear and hold: hoods, headphones and microphones drawn over a face whose 66 points are known."""

from __future__ import annotations

import cv2
import numpy as np

from training.photometric import Picture

Rng = np.random.Generator

_SHIFT = 4


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def _axes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middle of the face, half its width from the subject's right to left, and the way from brows to chin."""
    across = (points[16] - points[0]) / 2
    brows = points[17:27].mean(axis=0)
    return (points[0] + points[16]) / 2, across, points[8] - brows


def _tone(rng: Rng) -> list[float]:
    if rng.random() < 0.6:
        return [float(rng.uniform(10, 70))] * 3
    return rng.integers(0, 256, 3).astype(float).tolist()


def put_on_hood(picture: Picture, points: np.ndarray, rng: Rng) -> Picture:
    """A hood: cloth all round the face, its edge between the brows and the hair line. points: (66, 2) px."""
    middle, across, down = _axes(points)
    angles = np.linspace(0, 2 * np.pi, 40)
    wide, high, low = rng.uniform(0.95, 1.2), rng.uniform(0.75, 1.15), rng.uniform(0.95, 1.15)
    hole = middle + np.cos(angles)[:, None] * across * wide
    hole = hole + np.where(np.sin(angles) < 0, high, low)[:, None] * np.sin(angles)[:, None] * down * 0.9
    reach = middle + np.cos(angles)[:, None] * across * (wide + rng.uniform(0.3, 0.6))
    reach = reach + np.sin(angles)[:, None] * down * rng.uniform(1.3, 1.7)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_fixed(reach)], 255, cv2.LINE_AA, _SHIFT)
    cv2.fillPoly(mask, [_fixed(hole)], 0, cv2.LINE_AA, _SHIFT)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32) / picture.shape[0]
    folds = 1 + 0.15 * np.sin((x * rng.normal(0, 1) + y * rng.normal(0, 1)) * rng.uniform(10, 40))
    cloth = np.clip(folds[..., None] * np.array(_tone(rng), np.float32), 0, 255)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    return (alpha * cloth + (1 - alpha) * picture).astype(np.uint8)


def put_on_headphones(picture: Picture, points: np.ndarray, rng: Rng) -> Picture:
    """Headphones: a cup on each ear, a band over the head. points: (66, 2) px."""
    out = picture.copy()
    middle, across, down = _axes(points)
    size = float(np.hypot(*across))
    tone, scale = _tone(rng), 1 << _SHIFT
    angles = np.linspace(np.pi, 2 * np.pi, 24)
    spread, top = rng.uniform(1.02, 1.2), rng.uniform(1.15, 1.5)
    band = middle + np.cos(angles)[:, None] * across * spread + np.sin(angles)[:, None] * down * top
    cv2.polylines(out, [_fixed(band)], False, tone, max(1, round(size * rng.uniform(0.08, 0.22))), cv2.LINE_AA, _SHIFT)
    turn = float(np.degrees(np.arctan2(across[1], across[0])))
    for side in (-1, 1):
        centre = middle + side * across * spread + 0.1 * down
        axes = np.array([rng.uniform(0.14, 0.25), rng.uniform(0.28, 0.42)]) * size
        for share, colour in ((1.0, tone), (0.6, [0.7 * value for value in tone])):
            fixed = tuple(int(v) for v in axes * share * scale)
            cv2.ellipse(out, tuple(_fixed(centre)), fixed, turn, 0, 360, colour, -1, cv2.LINE_AA, _SHIFT)
    if rng.random() < 0.4:  # a headset's microphone on its arm
        ear, mouth = middle + across * spread, points[48:66].mean(axis=0) + 0.3 * across + 0.1 * down
        arm = np.stack([ear, ear + 0.55 * down, mouth])
        cv2.polylines(out, [_fixed(arm)], False, tone, max(1, round(size * 0.05)), cv2.LINE_AA, _SHIFT)
        cv2.circle(out, tuple(_fixed(mouth)), int(size * 0.09 * scale), tone, -1, cv2.LINE_AA, _SHIFT)
    return out


def put_before_microphone(picture: Picture, points: np.ndarray, rng: Rng) -> Picture:
    """A studio microphone or a pop shield before chin and mouth. points: (66, 2) px."""
    out = picture.copy()
    _, across, down = _axes(points)
    size, scale = float(np.hypot(*across)), 1 << _SHIFT
    mouth = points[48:66].mean(axis=0)
    head = mouth + rng.uniform(-0.8, 0.8) * across + rng.uniform(0.05, 0.6) * down
    radius, tone = size * rng.uniform(0.2, 0.5), _tone(rng)
    foot = head + np.array([rng.normal(0, 0.5), rng.uniform(2, 4)]) * radius
    cv2.line(out, tuple(_fixed(head)), tuple(_fixed(foot)), tone, max(1, round(radius * 0.7)), cv2.LINE_AA, _SHIFT)
    for share, colour in ((1.0, [0.75 * value for value in tone]), (0.82, tone)):
        axes = (int(radius * share * scale), int(radius * 1.15 * share * scale))
        cv2.ellipse(out, tuple(_fixed(head)), axes, float(rng.normal(0, 20)), 0, 360, colour, -1, cv2.LINE_AA, _SHIFT)
    return out
