"""Pupils, lid gap and closedness from one crop per eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.face.crop import transform
from tracker.face.networks import Network
from tracker.types import FloatArray

CROP_WIDTHS = (1.6, 1.2)
"""The crop's width and height in eye widths (distance of the corners)."""
CORNERS = np.array([[t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER], [t.LEFT_EYE_OUTER, t.LEFT_EYE_INNER]])


@dataclass(frozen=True, slots=True, eq=False)
class EyeReading:
    """What the network sees in this frame; right eye first.

    pupils: (2, 2) float32 frame pixels. aperture: (2,) lid gap over eye width. closed: (2,) probability.
    confidence: (2,) of the pupils.
    """

    pupils: FloatArray
    aperture: FloatArray
    closed: FloatArray
    confidence: FloatArray


class EyeReader:
    """Runs an eye network on both eyes in one batch.

    Crops are upright (the corner line is horizontal) and look like a right eye: the left one is mirrored,
    so that the outer corner is always at the image's left.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        _, self._height, self._width, _ = network.input_shape

    def read(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> EyeReading:
        """Both eyes of the face with points `xy` (66, 2), frame pixels."""
        matrices = self._to_frame(xy)
        crops = np.stack(
            [
                cv2.warpAffine(
                    bgr,
                    matrix,
                    (self._width, self._height),
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_REPLICATE,
                )
                for matrix in matrices
            ]
        )
        pupil, _, aperture, closed, confidence = self._network.run(crops.astype(np.uint8, copy=False))
        inside = pupil * (self._width, self._height) - 0.5
        pupils = np.stack([transform(matrix, point) for matrix, point in zip(matrices, inside, strict=True)])
        return EyeReading(pupils.astype(np.float32), aperture, closed, confidence)

    def _to_frame(self, xy: FloatArray) -> FloatArray:
        """(2, 2, 3) affine matrices from each eye's crop to the frame."""
        outer, inner = xy[CORNERS[:, 0]].astype(np.float64), xy[CORNERS[:, 1]].astype(np.float64)
        across = inner - outer
        # x runs from the outer to the inner corner; y is down in the picture, so the left eye's frame is mirrored.
        down = np.array([1.0, -1.0])[:, None] * np.stack([-across[:, 1], across[:, 0]], axis=1)
        step_x = across * (CROP_WIDTHS[0] / self._width)
        step_y = down * (CROP_WIDTHS[1] / self._height)
        centre = 0.5 * (outer + inner)
        origin = centre - step_x * (self._width / 2 - 0.5) - step_y * (self._height / 2 - 0.5)
        matrices: FloatArray = np.stack([step_x, step_y, origin], axis=2)
        return matrices
