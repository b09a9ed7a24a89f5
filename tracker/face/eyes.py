"""Where each pupil stands in its eye, lid gap and closedness from one crop per eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.face.networks import Network
from tracker.types import FloatArray

CROP_WIDTHS = (1.6, 1.2)
"""The crop's width and height in eye widths (distance of the corners)."""
UPPER_LID, LOWER_LID = slice(3, 6), slice(11, 14)
"""The middle of each lid in its contour of 16 points: outer corner, upper lid, inner corner (8), lower lid back."""
CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER])
_IN_EYE = np.array([CROP_WIDTHS, (-CROP_WIDTHS[0], CROP_WIDTHS[1])])  # the left crop is mirrored, its eye is not
Point = list[float]


@dataclass(frozen=True, slots=True, eq=False)
class EyeReading:
    """What the network sees in this frame; right eye first.

    place: (2, 2) where the pupils stand: from the middle of the eye's corners, along their line to the image's right
    and across it downwards, in eye widths. aperture: (2,) lid gap over eye width. closed: (2,) probability.
    confidence: (2,) of the pupils. contour: (2, 16, 2) the lids, in fractions of the eye's crop.
    """

    place: FloatArray
    aperture: FloatArray
    closed: FloatArray
    confidence: FloatArray
    contour: FloatArray

    def lid_heights(self) -> FloatArray:
        """(2, 2) how high each eye's upper and lower lid stand over the middle of its corners, in eye widths."""
        y = self.contour[:, :, 1]
        middles = np.stack([y[:, UPPER_LID].mean(axis=1), y[:, LOWER_LID].mean(axis=1)], axis=1)
        heights: FloatArray = (0.5 - middles) * CROP_WIDTHS[1]
        return heights


class EyeReader:
    """Runs an eye network on both eyes in one batch.

    Crops are upright (the corner line is horizontal) and look like a right eye: the left one is mirrored,
    so that the outer corner is always at the image's left.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._crops = np.empty(network.input_shape, np.uint8)
        _, self._height, self._width, _ = network.input_shape

    def read(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> EyeReading:
        """Both eyes of the face with points `xy` (66, 2), frame pixels."""
        right_outer, right_inner, left_outer, left_inner = xy[CORNERS].tolist()
        to_frame = self._to_frame(right_outer, right_inner, 1), self._to_frame(left_outer, left_inner, -1)
        for matrix, crop in zip(to_frame, self._crops, strict=True):
            cv2.warpAffine(
                bgr,
                matrix,
                (self._width, self._height),
                dst=crop,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        pupil, contour, aperture, closed, confidence = self._network.run(self._crops)
        return EyeReading((pupil - 0.5) * _IN_EYE, aperture, closed, confidence, contour)

    def _to_frame(self, outer: Point, inner: Point, side: int) -> FloatArray:
        """(2, 3) affine matrix from an eye's crop to the frame. side: 1 right, -1 left eye."""
        across_x, across_y = inner[0] - outer[0], inner[1] - outer[1]
        # x runs from the outer to the inner corner; y is down in the picture, so the left eye's frame is mirrored.
        x, y = CROP_WIDTHS[0] / self._width, side * CROP_WIDTHS[1] / self._height
        turn = x * across_x, -y * across_y, x * across_y, y * across_x
        half_x, half_y = self._width / 2 - 0.5, self._height / 2 - 0.5
        middle_x, middle_y = (outer[0] + inner[0]) / 2, (outer[1] + inner[1]) / 2
        return np.array(
            [
                [turn[0], turn[1], middle_x - half_x * turn[0] - half_y * turn[1]],
                [turn[2], turn[3], middle_y - half_x * turn[2] - half_y * turn[3]],
            ]
        )
