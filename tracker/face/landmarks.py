"""Reads the 66 landmarks, and the dense points where the network provides them, from an upright crop of a face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut
from tracker.face.networks import Network
from tracker.types import Landmarks


class LandmarkReader:
    """Runs a landmark network.

    Its outputs are `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66). One loaded with its optional outputs
    (`ModelStore.load(name, optional=True)`) also has `extra` (N, 87, 2) in crop fractions, the dense points of
    `tracker.topology`; `has_dense_points` is then True and every reading includes them.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.crop_px = network.input_shape[1]
        self.has_dense_points = "extra" in network.outputs

    def read(self, bgr: npt.NDArray[np.uint8], box: CropBox) -> Landmarks:
        """The landmarks of the face in `box`, in frame pixels."""
        crop = cut(bgr, box, self.crop_px)
        fractions, confidence, *further = self._network.run(crop[np.newaxis])
        return Landmarks(
            box.to_frame_pixels(fractions[0]), confidence[0], box.to_frame_pixels(further[0][0]) if further else None
        )
