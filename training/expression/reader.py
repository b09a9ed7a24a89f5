"""The coefficients as a landmark network gives them, without tracking, smoothing or a neutral face."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.face.crop import CropBox, crop_around, cut
from tracker.face.networks import ModelStore


class Reading(NamedTuple):
    """Points (66, 2) and further points (87, 2) in frame pixels, confidence (66,), coefficients (52,)."""

    xy: np.ndarray
    extra: np.ndarray
    confidence: np.ndarray
    coefficients: np.ndarray


class NetworkReader:
    """Runs `landmarks_MODEL` of the networks in `folder`."""

    def __init__(self, model: int, folder: Path) -> None:
        self._network = ModelStore(folder).load(f"landmarks_{model}")
        self.crop_px = self._network.input_shape[1]

    def read(self, bgr: np.ndarray, box: CropBox) -> Reading:
        crop = cut(np.ascontiguousarray(bgr), box, self.crop_px)
        outputs = dict(zip(self._network.outputs, self._network.run(crop[np.newaxis]), strict=True))
        return Reading(
            box.to_frame_pixels(outputs["xy"][0]),
            box.to_frame_pixels(outputs["extra"][0]),
            outputs["confidence"][0],
            outputs["coefficients"][0],
        )

    def settle(self, bgr: np.ndarray, xy: np.ndarray, times: int = 2) -> Reading:
        """Read a still around rough points (66, 2), then around what was found, as a tracker does."""
        reading = self.read(bgr, crop_around(xy))
        for _ in range(times - 1):
            reading = self.read(bgr, crop_around(reading.xy))
        return reading
