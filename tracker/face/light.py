"""Levels pictures in unusual light: single-colour lamps, darkness, glare, a window behind the head.

The networks learnt from pictures in ordinary light. Under a blue lamp nearly everything is in one channel, and against
a window the face is a dark spot. A levelled picture is grey, with each channel weighted by how much light it got, and
its brightness spread over the whole range. Faces are looked for in it only where the picture itself shows nobody.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tracker.types import Box

Image = npt.NDArray[np.uint8]

CAST = 1.5
"""Ratio of the brightest channel's mean to the darkest one's from which light counts as coloured."""
DARK, BRIGHT = 60.0, 190.0
"""Mean of the brightest channel below or above which a picture counts as dark or overexposed."""
CLIPPED, CLIPPED_SHARE = 245, 0.12
"""With more than this share of pixels above this value there may be a window behind the head."""
DARKEST, BRIGHTEST = 0.01, 0.99
"""The quantiles of brightness that become black and white."""
MIDDLE = 0.42
"""Where the median brightness is moved to, of the whole range."""
GAMMAS = (0.45, 1.8)
"""The smallest and largest exponent used for that."""
SURROUNDINGS = 0.8
"""A face is levelled together with this many times its size to each side."""
NARROW, SMOOTHING, LEAST_SMOOTHING_PX = 100.0, 0.07, 0.3
"""Where brightness varies by less than the first number of grey levels, spreading it makes the sensor's noise loud. A
face is then blurred: by the second number of its sizes over the square root of that range."""
REDUCED = 3.0
"""What is blurred by more than this many pixels is reduced first."""
LEVELS = 16
"""Of a curve per grey level: averages of noise are finer than grey levels, and the dark has few of them."""
SAMPLED_PX = 96
"""Statistics are taken from about this many rows and columns."""


def is_unusual(bgr: Image) -> bool:
    """Whether faces in `bgr` (H, W, 3) may be found more easily once it is levelled."""
    sample = _sampled(bgr)
    means = sorted(cv2.mean(sample)[:3])
    clipped = float((sample.max(axis=2) > CLIPPED).mean())
    coloured = means[2] > CAST * max(means[0], 1.0) and means[2] > 8
    return coloured or means[2] < DARK or means[0] > BRIGHT or clipped > CLIPPED_SHARE


def level(bgr: Image, face_px: float = 0.0) -> Image:
    """`bgr` (H, W, 3) in grey, three equal channels, as it might look in even white light.

    face_px: size of the face that is looked at, for a blur against the noise where brightness is spread far; 0: none.
    """
    sample = _sampled(bgr)
    means = np.array(cv2.mean(sample)[:3])
    # A channel's noise is about the same whatever the light: weights by signal give the best sum.
    weights = means / max(float(means.sum()), 1.0)
    seen = sample.reshape(-1, 3) @ weights
    spread = _spread(*np.quantile(seen, (DARKEST, BRIGHTEST)).tolist())
    smoothing_px = face_px * SMOOTHING / math.sqrt(spread) if spread < NARROW else 0.0
    if smoothing_px < LEAST_SMOOTHING_PX:
        grey = cv2.transform(bgr, weights[np.newaxis].astype(np.float32))
        low, middle, high = np.quantile(seen, (DARKEST, 0.5, BRIGHTEST)).tolist()
        levelled = cv2.LUT(grey, _curve(low, middle, high, 256))
    else:
        smooth = _smoothed(bgr, weights, smoothing_px)
        low, middle, high = np.quantile(_sampled(smooth), (DARKEST, 0.5, BRIGHTEST)).tolist()
        curve = _curve(low, middle, high, 255 * LEVELS + 1)
        levelled = curve[np.rint(smooth * LEVELS).astype(np.uint16)]
        if levelled.shape != bgr.shape[:2]:
            levelled = cv2.resize(levelled, bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(levelled, cv2.COLOR_GRAY2BGR), np.uint8)


def level_around(bgr: Image, box: Box) -> Image:
    """A picture of the size of `bgr` that is levelled around `box`, by the light there, and black elsewhere."""
    height, width = bgr.shape[:2]
    x, y, across, down = box
    reach = SURROUNDINGS * max(across, down)
    left, right = max(0, int(x - reach)), min(width, int(x + across + reach) + 1)
    top, bottom = max(0, int(y - reach)), min(height, int(y + down + reach) + 1)
    levelled = np.zeros_like(bgr)  # the system provides zeros only where they are read
    if left < right and top < bottom:
        levelled[top:bottom, left:right] = level(bgr[top:bottom, left:right], max(across, down))
    return levelled


def _smoothed(bgr: Image, weights: npt.NDArray[np.float64], smoothing_px: float) -> npt.NDArray[np.float32]:
    """The weighted sum of the channels, blurred, not rounded; smaller than `bgr` where the blur is wide."""
    grey = cv2.transform(bgr.astype(np.float32), weights[np.newaxis].astype(np.float32))
    step = int(smoothing_px / REDUCED) + 1
    if step > 1:
        size = (max(1, grey.shape[1] // step), max(1, grey.shape[0] // step))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    blurred: npt.NDArray[np.float32] = cv2.GaussianBlur(grey, (0, 0), smoothing_px / step)  # type: ignore[assignment]
    return blurred


def _spread(low: float, high: float) -> float:
    """How many grey levels are spread over the whole range, at least 8."""
    return max(high - low, 8.0)


def _curve(low: float, middle: float, high: float, count: int) -> Image:
    """(count,) what `count` brightnesses from 0 to 255 become, when these quantiles are moved to their places."""
    spread = _spread(low, high)
    at = min(max((middle - low) / spread, 0.02), 0.98)
    gamma = min(max(math.log(MIDDLE) / math.log(at), GAMMAS[0]), GAMMAS[1])
    brightness = np.linspace(0, 255, count)
    return np.asarray(255 * np.clip((brightness - low) / spread, 0, 1) ** gamma, np.float64).astype(np.uint8)


def _sampled(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Evenly spaced pixels of `image`."""
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[:: max(1, height // SAMPLED_PX), :: max(1, width // SAMPLED_PX)])
