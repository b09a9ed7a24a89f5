"""66 points from an upright crop of the face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut, transform
from tracker.face.networks import Network
from tracker.types import Landmarks


class LandmarkReader:
    """Runs one of the landmark networks. Its outputs are `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66)."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.crop_px = network.input_shape[1]

    def read(self, bgr: npt.NDArray[np.uint8], box: CropBox) -> Landmarks:
        """The points of the face in `box`, in frame pixels."""
        crop = cut(bgr, box, self.crop_px)
        fractions, confidence = self._network.run(crop[np.newaxis])
        xy = transform(box.to_frame(self.crop_px), fractions[0] * self.crop_px - 0.5)
        return Landmarks(xy.astype(np.float32), confidence[0].astype(np.float32))
