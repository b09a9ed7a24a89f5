"""A second opinion on proposed faces: a small network that sees one upright crop at a time.

The detector must be cheap on every pixel of a frame; this network is run on a few proposals only, so it can look
far closer. It judges masked faces too, where the landmarks' confidence fails because their labels were guesses.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, crop_around, crop_around_box, cut
from tracker.face.networks import Network
from tracker.types import FloatArray

MARGIN = 1.6
"""Side of the crop over the longer side of the box around the 66 points: hair, chin and some surroundings."""


class FaceClassifier:
    """Runs the network: pictures of crops in, `log_odds` (N,), the log odds of a face, out."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.crop_px = network.input_shape[1]

    def log_odds(self, bgr: npt.NDArray[np.uint8], crop: CropBox) -> float:
        """Log odds that `crop` of the frame `bgr` holds a face in its middle; mirrored and not, averaged."""
        picture = cut(bgr, crop, self.crop_px)
        both = self._network.run(np.stack([picture, picture[:, ::-1]]))[0]
        return float(both.mean())

    def score_box(self, bgr: npt.NDArray[np.uint8], box: tuple[float, float, float, float], roll: float) -> float:
        """`log_odds` of a detection: x, y, width, height in frame pixels and the roll in radians."""
        return self.log_odds(bgr, crop_around_box(box, roll, MARGIN))

    def score_landmarks(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> float:
        """`log_odds` of the face with the landmarks `xy` (66, 2)."""
        return self.log_odds(bgr, crop_around(xy, MARGIN))
