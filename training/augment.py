"""What the landmark networks' crops go through: what a webcam and its user do to a picture. None of it moves a label.

Images are (H, W, 3) uint8 BGR, probabilities and strengths were chosen by looking at contact sheets.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training import photometric

Rng = np.random.Generator


def expose(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Brightness, contrast, gamma and a colour cast, as one table per channel."""
    levels = np.arange(256, dtype=np.float32) / 255
    gamma = np.exp(rng.normal(0, 0.3))
    gain, offset = np.exp(rng.normal(0, 0.12)), rng.normal(0, 0.05)
    cast = np.exp(rng.normal(0, 0.10, 3))
    table = np.clip((levels[:, None] ** gamma) * gain * cast + offset, 0, 1) * 255
    return cv2.LUT(image, table.astype(np.uint8).reshape(1, 256, 3))


def dim(image: np.ndarray, rng: Rng) -> np.ndarray:
    """A dark room: little light, then the noise that the camera's gain brings up."""
    light = rng.uniform(0.08, 0.4)
    noisy = image * np.float32(light) + photometric.grains(image.shape, rng.uniform(1, 5), rng)
    return cv2.convertScaleAbs(np.maximum(noisy, 0), alpha=rng.uniform(1, min(0.8 / light, 4)))


def light_from_side(image: np.ndarray, rng: Rng) -> np.ndarray:
    """One side lit by a screen or a window."""
    height, width = image.shape[:2]
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    ramp = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    return cv2.multiply(image, cv2.merge([ramp, ramp, ramp]), dtype=cv2.CV_8U)


def band(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Bands of light and dark: a rolling shutter under lamps that flicker with the mains."""
    phase = np.linspace(0, 2 * np.pi * rng.uniform(0.6, 4), image.shape[0], dtype=np.float32) + rng.uniform(
        0, 2 * np.pi
    )
    rows = 1 + np.float32(rng.uniform(0.05, 0.3)) * np.sin(phase)
    gain = np.broadcast_to(rows[:, None], image.shape[:2])
    return cv2.multiply(image, cv2.merge([gain, gain, gain]), dtype=cv2.CV_8U)


def grey(image: np.ndarray, rng: Rng) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def blur(image: np.ndarray, rng: Rng) -> np.ndarray:
    sigma = rng.uniform(0.4, 0.016 * image.shape[0])
    return cv2.GaussianBlur(image, (0, 0), sigma)


def motion_blur(image: np.ndarray, rng: Rng) -> np.ndarray:
    return photometric.motion_blur(image, rng.uniform(2, max(3, image.shape[0] / 12)), rng)


def soften(image: np.ndarray, rng: Rng) -> np.ndarray:
    """A face that is small in the frame: fewer pixels, then enlarged."""
    height, width = image.shape[:2]
    scale = rng.uniform(0.3, 0.8)
    small = cv2.resize(
        image, (max(8, round(width * scale)), max(8, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def noise(image: np.ndarray, rng: Rng) -> np.ndarray:
    grains = photometric.grains(image.shape, rng.uniform(2, 14), rng)
    if rng.random() < 0.4:  # sensor noise after demosaicking is smooth
        grains = cv2.GaussianBlur(grains, (3, 3), 0.8) * 2
    return cv2.add(image, grains, dtype=cv2.CV_8U)


def compress(image: np.ndarray, rng: Rng) -> np.ndarray:
    return photometric.through_jpeg(image, int(rng.integers(15, 75)))


STEPS: tuple[tuple[float, Callable[[np.ndarray, Rng], np.ndarray]], ...] = (
    (0.75, expose),
    (0.20, light_from_side),
    (0.04, band),
    (0.12, grey),
    (0.12, blur),
    (0.10, motion_blur),
    (0.15, soften),
    (0.10, dim),
    (0.25, noise),
    (0.25, compress),
)


def degrade(image: np.ndarray, rng: Rng, share: float = 1.0) -> np.ndarray:
    """A random selection of the steps, in the order light takes through a camera.

    share: of each step's probability; exposure stays as it is.
    """
    for probability, step in STEPS:
        if rng.random() < probability * (1.0 if step is expose else share):
            image = step(image, rng)
    return image


def occlude(image: np.ndarray, other: np.ndarray, rng: Rng) -> np.ndarray:
    """Cover a part with a hand-like blob, a bar or a box, textured from another picture."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    kind = rng.random()
    if kind < 0.5:
        axes = (int(width * rng.uniform(0.06, 0.28)), int(height * rng.uniform(0.06, 0.28)))
        cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1)
    elif kind < 0.8:  # a few fingers or a microphone arm
        angle, thickness = rng.uniform(0, np.pi), max(2, int(width * rng.uniform(0.02, 0.08)))
        step = np.array([-np.sin(angle), np.cos(angle)]) * thickness * 1.4
        reach = np.array([np.cos(angle), np.sin(angle)]) * width * rng.uniform(0.2, 0.7)
        for k in range(int(rng.integers(1, 5))):
            start = np.array(centre) + k * step
            cv2.line(mask, tuple(map(int, start)), tuple(map(int, start + reach)), 255, thickness)
    else:
        corner = (centre[0] + int(width * rng.uniform(0.1, 0.5)), centre[1] + int(height * rng.uniform(0.1, 0.5)))
        cv2.rectangle(mask, centre, corner, 255, -1)
    if rng.random() < 0.5:
        fill = np.empty_like(image)
        fill[:] = rng.integers(0, 256, 3)
    else:
        fill = cv2.resize(other, (width, height))
    alpha = cv2.GaussianBlur(mask, (5, 5), rng.uniform(0.4, 1.5)).astype(np.float32) / 255
    return cv2.blendLinear(image, fill, 1 - alpha, alpha)
