"""Detects faces in a whole frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut, transform
from tracker.face.networks import Network
from tracker.types import Box, Detection

CELL_PX = 32
"""The sides of the network's input are multiples of this."""
FAST_WIDTH, FINE_WIDTH = 256, 640
DUPLICATE_IOU = 0.4
"""Two boxes whose intersection over union is larger are the same face."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A detection that may be a face. roll: of the head in radians, positive with its top to the image's right."""

    detection: Detection
    roll: float


class Detector:
    """Detects faces from about 8 % of the frame's height.

    The network is fully convolutional: frames keep their aspect ratio and are scaled to a longer side of `long_side`
    pixels.
    """

    def __init__(self, network: Network, long_side: int = FAST_WIDTH) -> None:
        self._network = network
        self._long_side = long_side

    def detect(self, bgr: npt.NDArray[np.uint8], threshold: float, limit: int) -> list[Candidate]:
        """At most `limit` candidates with a score of at least `threshold`, highest first."""
        height, width = bgr.shape[:2]
        scale = self._long_side / max(height, width)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        rows, columns = (-(-side // CELL_PX) * CELL_PX for side in inner[::-1])
        image = np.zeros((1, rows, columns, 3), np.uint8)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        cv2.resize(bgr, inner, dst=image[0, : inner[1], : inner[0]], interpolation=interpolation)
        scores, boxes, rolls = (output[0] for output in self._network.run(image))
        ys, xs = np.nonzero(scores >= threshold)
        order = np.argsort(-scores[ys, xs], kind="stable")
        found: list[Candidate] = []
        for y, x in zip(ys[order], xs[order], strict=True):
            left, top, box_width, box_height = (float(value) / scale for value in boxes[:, y, x])
            box = (left, top, box_width, box_height)
            if any(intersection_over_union(box, kept.detection.box) > DUPLICATE_IOU for kept in found):
                continue
            cos, sin = rolls[:, y, x]
            found.append(Candidate(Detection(box, float(scores[y, x])), float(np.arctan2(sin, cos))))
            if len(found) == limit:
                break
        return found

    def detect_rotated(
        self, bgr: npt.NDArray[np.uint8], rotation: float, threshold: float, limit: int
    ) -> list[Candidate]:
        """Detect in a square image rotated so that heads with a roll of `rotation` radians are upright.

        The square has the frame's longer side, so the rotation can move corners of the frame out of it. Boxes keep the
        size they have in the rotated image.
        """
        height, width = bgr.shape[:2]
        square = CropBox((width / 2 - 0.5, height / 2 - 0.5), max(height, width), rotation)
        to_frame, scale = square.to_frame(self._long_side), max(height, width) / self._long_side
        found = []
        for candidate in self.detect(cut(bgr, square, self._long_side), threshold, limit):
            left, top, across, down = candidate.detection.box
            x, y = transform(to_frame, np.array([left + across / 2, top + down / 2])).tolist()
            across, down = across * scale, down * scale
            detection = Detection((x - across / 2, y - down / 2, across, down), candidate.detection.score)
            found.append(Candidate(detection, candidate.roll + rotation))
        return found


def intersection_over_union(a: Box, b: Box) -> float:
    """Of two boxes, 0 to 1."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
