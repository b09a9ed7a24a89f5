"""66 points from an upright crop of the face, and further ones where the network was loaded with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut
from tracker.face.networks import Network
from tracker.types import Landmarks


class LandmarkReader:
    """Runs one of the landmark networks.

    Its outputs are `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66). One loaded with its optional outputs
    (`ModelStore.load(name, optional=True)`) also has `extra` (N, 87, 2) in crop fractions, the further points of
    `tracker.topology`: `has_dense_points` then says so, and every reading brings them along.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.crop_px = network.input_shape[1]
        self.has_dense_points = "extra" in network.outputs

    def read(self, bgr: npt.NDArray[np.uint8], box: CropBox) -> Landmarks:
        """The points of the face in `box`, in frame pixels."""
        crop = cut(bgr, box, self.crop_px)
        fractions, confidence, *further = self._network.run(crop[np.newaxis])
        return Landmarks(
            box.to_frame_pixels(fractions[0]), confidence[0], box.to_frame_pixels(further[0][0]) if further else None
        )
