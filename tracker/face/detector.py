"""Detects faces in a whole frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut, transform
from tracker.face.light import level
from tracker.face.networks import Network
from tracker.types import Box, Detection

CELL_PX = 32
"""The sides of the network's input are multiples of this."""
FAST_WIDTH, FINE_WIDTH = 256, 640
WIDEST = 16 / 9
"""Frames that are wider, or higher, than this get a longer input, so that what is found is a share of the shorter side,
up to `LONGEST` times that side."""
LONGEST = 6.0
ENOUGH_SAMPLES = 3.75
"""A frame is reduced by averaging at least this many pixels in each direction; it is thinned out first where there are
more. That halves the cost at 1920x1080 and takes four fifths of it at 3840x2160."""
DUPLICATE_IOU = 0.4
"""Two boxes whose intersection over union is larger are the same face."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A detection that may be a face. roll: of the head in radians, positive with its top to the image's right."""

    detection: Detection
    roll: float


class Detector:
    """Detects faces from about 8 % of the frame's shorter side (a tenth in 16:9).

    The network is fully convolutional: frames keep their aspect ratio and are scaled to a longer side of `long_side`
    pixels, which grows with frames wider than 16:9.
    """

    def __init__(self, network: Network, long_side: int = FAST_WIDTH) -> None:
        self._network = network
        self._long_side = long_side
        self._turn = 0

    def detect(
        self, bgr: npt.NDArray[np.uint8], threshold: float, limit: int, levelled: bool = False
    ) -> list[Candidate]:
        """At most `limit` candidates with a score of at least `threshold`, highest first.

        levelled: look at the picture that `tracker.face.light` makes of it.
        """
        image, scale = self._scaled(bgr, levelled)
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

    def _scaled(self, bgr: npt.NDArray[np.uint8], levelled: bool) -> tuple[npt.NDArray[np.uint8], float]:
        """The network's input (1, rows, columns, 3) and its size over the frame's."""
        height, width = bgr.shape[:2]
        scale = self._long_side * stretch(width, height) / max(height, width)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        rows, columns = (-(-side // CELL_PX) * CELL_PX for side in inner[::-1])
        image = np.zeros((1, rows, columns, 3), np.uint8)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        cv2.resize(
            thinned(bgr, thinning(scale)), inner, dst=image[0, : inner[1], : inner[0]], interpolation=interpolation
        )
        if levelled:
            image[0, : inner[1], : inner[0]] = level(image[0, : inner[1], : inner[0]])
        return image, scale

    def detect_rotated(
        self, bgr: npt.NDArray[np.uint8], rotation: float, threshold: float, limit: int
    ) -> list[Candidate]:
        """Detect in a square image rotated so that heads with a roll of `rotation` radians are upright.

        The square has the frame's longer side, so the rotation can move corners of the frame out of it. Boxes keep the
        size they have in the rotated image. Of a frame wider than 16:9 one of several squares is looked at, another one
        with the next call.
        """
        height, width = bgr.shape[:2]
        side = min(max(height, width), WIDEST * min(height, width))
        count = math.ceil(max(height, width) / side - 1e-6)
        self._turn = (self._turn + 1) % count
        along = (max(height, width) - side) * (self._turn / (count - 1) if count > 1 else 0.5) + side / 2 - 0.5
        centre = (along, height / 2 - 0.5) if width >= height else (width / 2 - 0.5, along)
        square = CropBox(centre, side, rotation)
        to_frame, scale = square.to_frame(self._long_side), side / self._long_side
        step = thinning(1 / scale)
        # Pixel p of the thinned frame is step * p of the frame.
        seen = CropBox((centre[0] / step, centre[1] / step), side / step, rotation)
        found = []
        for candidate in self.detect(cut(thinned(bgr, step), seen, self._long_side), threshold, limit):
            left, top, across, down = candidate.detection.box
            x, y = transform(to_frame, np.array([left + across / 2, top + down / 2])).tolist()
            across, down = across * scale, down * scale
            detection = Detection((x - across / 2, y - down / 2, across, down), candidate.detection.score)
            roll = math.remainder(candidate.roll + rotation, 2 * math.pi)
            found.append(Candidate(detection, roll))
        return found


def stretch(width: int, height: int) -> float:
    """How much longer than usual the longer side of the input is for a frame of this shape; 1 up to 16:9."""
    aspect = max(width, height) / min(width, height)
    return max(1.0, min(aspect, LONGEST) / WIDEST)


def thinning(scale: float) -> int:
    """Of how many rows and columns one is enough, when a frame is scaled by `scale` with averaging."""
    return max(1, int(1 / (scale * ENOUGH_SAMPLES)))


def thinned(bgr: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.uint8]:
    """Every `step`-th row and column of `bgr`: pixel p is step * p of the frame."""
    if step == 1:
        return bgr
    rows, columns = bgr.shape[0] // step, bgr.shape[1] // step
    whole = bgr[: rows * step, : columns * step]
    # Twice as fast as slicing, after which OpenCV copies.
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint8)


def intersection_over_union(a: Box, b: Box) -> float:
    """Of two boxes, 0 to 1."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
