"""Levels pictures in unusual light: single-colour lamps, darkness, glare, a window behind the head.

The networks learnt from pictures in ordinary light. Under a blue lamp nearly everything is in one channel, and against
a window the face is a dark spot. A levelled picture is grey, with each channel weighted by how much light it got, and
its brightness spread over the whole range. Faces are looked for in it only where the picture itself shows nobody.
"""

from __future__ import annotations

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
SURROUNDINGS = 1.5
"""A face is levelled together with this many times its size to each side."""
NARROW, SMOOTHING, LEAST_SMOOTHING_PX = 100.0, 0.012, 0.3
"""Where brightness varies by less than the first number of grey levels, spreading it makes the sensor's noise loud: a
face is then blurred by this share of its size."""
SAMPLED_PX = 96
"""Statistics are taken from about this many rows and columns."""


def is_unusual(bgr: Image) -> bool:
    """Whether faces in `bgr` (H, W, 3) may be found more easily once it is levelled."""
    sample = _sampled(bgr)
    means = sorted(cv2.mean(sample)[:3])
    clipped = float((sample.max(axis=2) > CLIPPED).mean())
    coloured = means[2] > CAST * max(means[0], 1.0) and means[2] > 8
    return coloured or means[2] < DARK or means[0] > BRIGHT or clipped > CLIPPED_SHARE


def level(bgr: Image, smoothing_px: float = 0.0) -> Image:
    """`bgr` (H, W, 3) in grey, three equal channels, as it might look in even white light.

    smoothing_px: standard deviation of a blur against the noise, where brightness is spread far.
    """
    sample = _sampled(bgr)
    means = np.array(cv2.mean(sample)[:3])
    # A channel's noise is about the same whatever the light: weights by signal give the best sum.
    weights = means / max(float(means.sum()), 1.0)
    values = np.sort((sample.reshape(-1, 3) @ weights).astype(np.float32))
    low, middle, high = (float(values[int(q * (len(values) - 1))]) for q in (DARKEST, 0.5, BRIGHTEST))
    spread = max(high - low, 8.0)
    at = min(max((middle - low) / spread, 0.02), 0.98)
    gamma = min(max(np.log(MIDDLE) / np.log(at), GAMMAS[0]), GAMMAS[1])
    curve = (255 * np.clip((np.arange(256) - low) / spread, 0, 1) ** gamma).astype(np.uint8)
    grey = cv2.transform(bgr, weights[np.newaxis].astype(np.float32))
    if smoothing_px > LEAST_SMOOTHING_PX and spread < NARROW:
        grey = cv2.GaussianBlur(grey, (0, 0), smoothing_px)
    return np.asarray(cv2.cvtColor(cv2.LUT(grey, curve), cv2.COLOR_GRAY2BGR), np.uint8)


def level_around(bgr: Image, box: Box) -> Image:
    """A picture of the size of `bgr` that is levelled around `box`, by the light there, and black elsewhere."""
    height, width = bgr.shape[:2]
    x, y, across, down = box
    reach = SURROUNDINGS * max(across, down)
    left, right = max(0, int(x - reach)), min(width, int(x + across + reach) + 1)
    top, bottom = max(0, int(y - reach)), min(height, int(y + down + reach) + 1)
    levelled = np.zeros_like(bgr)  # the system provides zeros only where they are read
    if left < right and top < bottom:
        levelled[top:bottom, left:right] = level(bgr[top:bottom, left:right], SMOOTHING * max(across, down))
    return levelled


def _sampled(bgr: Image) -> Image:
    """Evenly spaced pixels of `bgr`."""
    height, width = bgr.shape[:2]
    return np.ascontiguousarray(bgr[:: max(1, height // SAMPLED_PX), :: max(1, width // SAMPLED_PX)])
