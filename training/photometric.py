"""What cameras and codecs do to a picture: exposure, colour, uneven light, blur, noise, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_RAMP = np.arange(256, dtype=np.float32) / 255
_NOISE = np.random.default_rng(20).standard_normal(1 << 20).astype(np.float32)


def tone_curve(rng: np.random.Generator) -> Picture:
    """A (256, 3) table: gamma, contrast, white balance, and sometimes hardly any light or too much of it."""
    gamma = np.exp(rng.normal(0, 0.3))
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.09, 3))
    offset = rng.normal(0, 0.06)
    extreme = rng.random()
    if extreme < 0.12:
        gain = gain * rng.uniform(0.08, 0.5)
        offset = abs(offset)
    elif extreme < 0.17:
        gain = gain * rng.uniform(1.3, 2.0)
    table = (_RAMP[:, None] ** gamma) * gain + offset
    return np.clip(table * 255, 0, 255).astype(np.uint8)


def uneven_light(picture: Picture, rng: np.random.Generator) -> Picture:
    """A smooth field of shade over the picture, as from a lamp or a window at one side."""
    height, width = picture.shape[:2]
    field = np.exp(rng.normal(0, 0.45, (3, 3))).astype(np.float32)
    field = cv2.resize(field / field.max(), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture * field[:, :, None], 0, 255).astype(np.uint8)


def motion_blur(picture: Picture, length: float, rng: np.random.Generator) -> Picture:
    """Blur along a line `length` pixels long in a random direction."""
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    centre, angle = size // 2, rng.uniform(0, np.pi)
    dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    ends = [round(centre - dx), round(centre - dy)], [round(centre + dx), round(centre + dy)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    blurred = cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.uint8, copy=False)


def grains(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Normal noise: a random window of one table, because drawing it anew costs ten times more."""
    count = int(np.prod(shape))
    start = int(rng.integers(0, len(_NOISE) - count))
    return np.float32(sigma) * _NOISE[start : start + count].reshape(shape)


def add_noise(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    """Sensor noise of `sigma` grey levels, in some pictures the same in all three channels."""
    grey = rng.random() < 0.3
    shape = (*picture.shape[:2], 1) if grey else picture.shape
    return np.clip(picture + grains(shape, sigma, rng), 0, 255).astype(np.uint8)


def through_jpeg(picture: Picture, quality: int) -> Picture:
    """The picture after JPEG at `quality` (0 to 100)."""
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.uint8, copy=False)


def degrade(picture: Picture, rng: np.random.Generator, *, blur_px: float = 1.2, grey: float = 0.2) -> Picture:
    """A random mix of all of these. blur_px: typical width of blurs; grey: share of grey pictures."""
    if rng.random() < grey:
        one = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        picture = np.repeat(one[:, :, None], 3, axis=2)
    if rng.random() < 0.2:
        picture = uneven_light(picture, rng)
    if rng.random() < 0.85:
        picture = cv2.LUT(picture, tone_curve(rng)[None]).astype(np.uint8, copy=False)
    blur = rng.random()
    if blur < 0.15:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0) * blur_px).astype(np.uint8, copy=False)
    elif blur < 0.25:
        picture = motion_blur(picture, rng.uniform(1.5, 4.0) * blur_px, rng)
    if rng.random() < 0.4:
        picture = add_noise(picture, abs(rng.normal(0, 7)) + 1, rng)
    if rng.random() < 0.15:
        picture = through_jpeg(picture, int(rng.integers(25, 90)))
    return picture
