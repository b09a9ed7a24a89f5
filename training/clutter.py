"""What else was taken for faces on photographs, drawn: writing, windows and shutters, folds of cloth, knees, cables.

Pictures are (H, W, 3) uint8 BGR.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.photometric import Picture, grains

Rng = np.random.Generator

LETTERS = "aeioudbpgqcsmnrtkOQBRSDEW0869?&@"


def clutter(size: int, under: Picture, rng: Rng) -> Picture:
    """One of these, `size` pixels wide and high, over the picture `under` or a plain ground."""
    picture = np.asarray(cv2.resize(under, (size, size), interpolation=cv2.INTER_AREA), np.uint8).copy()
    if rng.random() < 0.6:
        picture = _plain(size, rng)
    kind = rng.random()
    if kind < 0.2:
        picture = letters(picture, rng)
    elif kind < 0.45:
        picture = script(picture, rng)
    elif kind < 0.65:
        picture = panes(picture, rng)
    elif kind < 0.85:
        picture = folds(size, rng)
    else:
        picture = knees(picture, rng)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.8))), np.uint8)


def _tone(rng: Rng, spread: float = 25) -> list[float]:
    return np.clip(rng.uniform(0, 255) + rng.normal(0, spread, 3), 0, 255).tolist()


def _plain(size: int, rng: Rng) -> Picture:
    """A ground of one tone, lit from a side."""
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    light = 1 + 0.25 * (rng.normal() * ramp[:, None] + rng.normal() * ramp[None, :])
    ground = np.array(_tone(rng, 12), np.float32) * light[:, :, None]
    return np.clip(ground + grains((size, size, 3), float(rng.uniform(0, 4)), rng), 0, 255).astype(np.uint8)


def letters(picture: Picture, rng: Rng) -> Picture:
    """Lines of large or small print, at any angle."""
    size = picture.shape[0]
    colour = _tone(rng)
    font = int(rng.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX]))
    height = size * float(np.exp(rng.uniform(np.log(0.07), np.log(0.45))))
    for row in range(int(rng.integers(1, 5))):
        text = "".join(LETTERS[int(k)] for k in rng.integers(0, len(LETTERS), int(rng.integers(2, 12))))
        at = (int(rng.uniform(-0.2, 0.4) * size), int((row + 1) * height * rng.uniform(1.0, 1.6)))
        thick = max(1, int(height * rng.uniform(0.04, 0.2)))
        cv2.putText(picture, text, at, font, height / 30, colour, thick, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 12)), 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def script(picture: Picture, rng: Rng) -> Picture:
    """Handwriting: loops along a line, in any direction; with few loops a coil of cable or a wire."""
    size, scale = picture.shape[0], 16
    colour, thick = _tone(rng), max(1, int(size * rng.uniform(0.01, 0.05)))
    for _ in range(int(rng.integers(1, 4))):
        t = np.linspace(0, 1, 300)
        loops = float(rng.uniform(2, 9))
        tall = size * float(rng.uniform(0.05, 0.25))
        swell = 1 + 0.6 * np.interp(t, np.linspace(0, 1, 9), rng.normal(0, 0.6, 9))
        phase = 2 * np.pi * (loops * t + 0.15 * np.interp(t, np.linspace(0, 1, 7), rng.normal(0, 1, 7)))
        along = (t - 0.5) * size * float(rng.uniform(0.6, 1.3)) + tall * rng.uniform(0.3, 1.1) * np.cos(phase)
        across = tall * swell * np.sin(phase)
        angle = float(rng.uniform(0, 2 * np.pi))
        x = size * rng.uniform(0.25, 0.75) + np.cos(angle) * along - np.sin(angle) * across
        y = size * rng.uniform(0.25, 0.75) + np.sin(angle) * along + np.cos(angle) * across
        line = np.round(np.stack([x, y], 1) * scale).astype(np.int32)
        cv2.polylines(picture, [line], False, colour, thick, cv2.LINE_AA, 4)
    return picture


def panes(picture: Picture, rng: Rng) -> Picture:
    """Windows, sockets, shutters: dark or bright panes in a frame, often two beside each other and one below."""
    size = picture.shape[0]
    pane, frame = _tone(rng), _tone(rng)
    columns, rows = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    low, high = rng.uniform(0.05, 0.35, 2) * size, rng.uniform(0.6, 0.95, 2) * size
    cv2.rectangle(picture, tuple(np.int32(low)), tuple(np.int32(high)), frame, -1)
    step = (high - low) / (columns, rows)
    gap = float(rng.uniform(0.05, 0.3))
    for column in range(columns):
        for row in range(rows):
            if rng.random() < 0.12:
                continue
            a, b = low + step * (column + gap, row + gap), low + step * (column + 1 - gap, row + 1 - gap)
            colour = pane if rng.random() < 0.85 else _tone(rng)
            if rng.random() < 0.2:
                axes = tuple(np.maximum(np.int32((b - a) / 2), 1).tolist())
                cv2.ellipse(picture, tuple(np.int32((a + b) / 2)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
            else:
                cv2.rectangle(picture, tuple(np.int32(a)), tuple(np.int32(b)), colour, -1)
    return picture


def folds(size: int, rng: Rng) -> Picture:
    """Cloth: bands of shade that bend, cross and end."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    shade = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(2, 7))):
        a, b = rng.normal(0, 1, 2)
        bend = rng.normal(0, 0.5)
        across = a * x + b * y + bend * (x * x - y * y) + rng.normal(0, 0.4)
        across += 0.2 * rng.normal() * np.sin(4 * x + 3 * y)
        end = 1 / (1 + np.exp(-6 * (b * x - a * y + rng.normal(0, 0.5))))
        width = float(np.exp(rng.uniform(np.log(0.05), np.log(0.35))))
        crease = np.exp(-((across / width) ** 2)) - 0.6 * np.exp(-(((across - 1.5 * width) / width) ** 2))
        shade += np.float32(rng.normal(0, 0.4)) * (end if rng.random() < 0.6 else 1) * crease
    cloth = np.array(_tone(rng, 20), np.float32) * np.clip(1 + shade, 0.05, 2)[:, :, None]
    if rng.random() < 0.3:
        cloth *= (1 + 0.15 * np.sign(np.sin(float(rng.uniform(15, 60)) * (x + 0.3 * shade))))[:, :, None]
    return np.clip(cloth + grains((size, size, 3), float(rng.uniform(0, 5)), rng), 0, 255).astype(np.uint8)


def knees(picture: Picture, rng: Rng) -> Picture:
    """Rounded limbs, a knee or an elbow: shaded ellipses of skin or cloth beside each other."""
    size = picture.shape[0]
    tone = np.array(_tone(rng, 30), np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    out = picture.astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        centre, angle = rng.uniform(0.2, 0.8, 2) * size, float(rng.uniform(0, np.pi))
        long, short = size * float(rng.uniform(0.3, 0.7)), size * float(rng.uniform(0.15, 0.35))
        along = (np.cos(angle) * (x - centre[0]) + np.sin(angle) * (y - centre[1])) / long
        across = (-np.sin(angle) * (x - centre[0]) + np.cos(angle) * (y - centre[1])) / short
        inside = np.clip((1 - along * along - across * across) * 6, 0, 1)[:, :, None]
        lit = np.clip(0.75 + float(rng.normal(0, 0.25)) * across - 0.35 * across * across, 0.1, 1.5)[:, :, None]
        out = inside * tone * lit + (1 - inside) * out
    return np.clip(out + grains(picture.shape, float(rng.uniform(0, 4)), rng), 0, 255).astype(np.uint8)
