"""Reads the 66 landmarks and the 52 coefficients from an upright crop of a face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut
from tracker.face.networks import Network
from tracker.types import Landmarks


class LandmarkReader:
    """Runs a landmark network.

    Its outputs are `xy` (N, 66, 2) in crop fractions, `confidence` (N, 66), `extra` (N, 87, 2) in crop fractions, the
    dense points of `tracker.topology`, and `coefficients` (N, 52). dense_points: whether readings bring those along.
    """

    def __init__(self, network: Network, dense_points: bool = False) -> None:
        self._network = network
        self._dense_points = dense_points
        self.crop_px = network.input_shape[1]

    def read(self, bgr: npt.NDArray[np.uint8], box: CropBox) -> Landmarks:
        """The landmarks, in frame pixels, and coefficients of the face in `box`."""
        crop = cut(bgr, box, self.crop_px)
        fractions, confidence, dense, coefficients = self._network.run(crop[np.newaxis])
        return Landmarks(
            box.to_frame_pixels(fractions[0]),
            confidence[0],
            box.to_frame_pixels(dense[0]) if self._dense_points else None,
            coefficients[0],
        )
