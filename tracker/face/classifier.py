"""Face or not: a small network that looks at one upright crop at a time.

The detector has to be cheap for every pixel of a frame. This network runs on a few candidates only, so it can look much
more closely. It also accepts masked faces, where landmark confidence fails because the labels were guesses.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, crop_around, crop_around_box, cut
from tracker.face.networks import Network
from tracker.types import Box, FloatArray

MARGIN = 1.6
"""Side of the crop over the longer side of the box around the 66 points: includes hair, chin and some surroundings."""


class FaceClassifier:
    """Runs the classifier network, which maps crops to the log odds of a centred face."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.crop_px = network.input_shape[1]

    def log_odds(self, bgr: npt.NDArray[np.uint8], crop: CropBox) -> float:
        """Log odds that `crop` of the frame `bgr` is centred on a face; the mean of the crop and its mirror image."""
        image = cut(bgr, crop, self.crop_px)
        both = self._network.run(np.stack([image, image[:, ::-1]]))[0]
        return float(both.mean())

    def score_box(self, bgr: npt.NDArray[np.uint8], box: Box, roll: float) -> float:
        """`log_odds` of a detection in `box` with the given roll in radians."""
        return self.log_odds(bgr, crop_around_box(box, roll, MARGIN))

    def score_landmarks(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> float:
        """`log_odds` of the face with the landmarks `xy` (66, 2)."""
        return self.log_odds(bgr, crop_around(xy, MARGIN))
