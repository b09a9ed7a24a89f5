"""Upright, scale-normalised square crops of a face: the input of the landmark networks and the classifier.

Training and tracking cut crops with the same functions, so that the two cannot drift apart.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.types import Box, FloatArray

CROP_MARGIN = 1.25
"""Side of the crop over the longer side of the box around the upright points."""


class CropBox(NamedTuple):
    """A rotated square. centre: (x, y) and side: in frame pixels. roll: radians, positive with the top of the face
    tilted to the image's right."""

    centre: tuple[float, float]
    side: float
    roll: float

    def to_crop(self, size: int) -> FloatArray:
        """(2, 3) affine matrix from frame pixels to pixels of the `size` x `size` crop."""
        scale = size / self.side
        cos, sin = scale * math.cos(self.roll), scale * math.sin(self.roll)
        x, y = self.centre
        half = size / 2 - 0.5  # OpenCV's pixel centres have integer coordinates
        return np.array([[cos, sin, half - cos * x - sin * y], [-sin, cos, half + sin * x - cos * y]])

    def to_frame(self, size: int) -> FloatArray:
        """(2, 3) affine matrix from pixels of the `size` x `size` crop to frame pixels."""
        scale = self.side / size
        cos, sin = scale * math.cos(self.roll), scale * math.sin(self.roll)
        half = size / 2 - 0.5
        x, y = self.centre
        return np.array([[cos, -sin, x - half * (cos - sin)], [sin, cos, y - half * (sin + cos)]])

    def to_frame_pixels(self, fractions: FloatArray) -> FloatArray:
        """(N, 2) float32 frame pixels of (N, 2) points given in fractions of the crop."""
        cos, sin = self.side * math.cos(self.roll), self.side * math.sin(self.roll)
        x, y = self.centre
        # A fraction of 0.5 is the centre of the crop, whatever its size in pixels.
        matrix = np.array([[cos, -sin, x - 0.5 * (cos - sin)], [sin, cos, y - 0.5 * (sin + cos)]])
        return transform(matrix, fractions)


def bounds(xy: FloatArray) -> Box:
    """The smallest box around points (N, 2)."""
    # On arrays this small OpenCV's reductions take a third of the time of NumPy's.
    ((left, top),) = cv2.reduce(xy, 0, cv2.REDUCE_MIN).tolist()
    ((right, bottom),) = cv2.reduce(xy, 0, cv2.REDUCE_MAX).tolist()
    return left, top, right - left, bottom - top


_MEAN = np.full(t.N_LANDMARKS, 1 / t.N_LANDMARKS)


def middle(xy: FloatArray) -> tuple[float, float]:
    """The mean of the (66, 2) landmarks of a face; not finite where one of them is not."""
    x, y = _MEAN.dot(xy).tolist()  # a product: NumPy's mean takes five times as long, OpenCV's twice
    return x, y


def transform(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Apply a (2, 3) affine or (2, 2) `matrix` to (..., 2) points; the dtype of the points is kept."""
    moved: FloatArray = cv2.transform(points.reshape(1, -1, 2), matrix).reshape(points.shape)  # type: ignore[assignment]
    return moved


ROLL_POINTS = np.zeros((3, t.N_LANDMARKS))
"""Weights that average the right eye, the left eye and the mouth corners."""
for _row, _members in enumerate((t.RIGHT_EYE, t.LEFT_EYE, np.array([t.RIGHT_MOUTH_CORNER, t.LEFT_MOUTH_CORNER]))):
    ROLL_POINTS[_row, _members] = 1 / len(_members)


def face_roll(xy: FloatArray) -> float:
    """In-plane rotation of a face in radians, from its (66, 2) landmarks.

    The line between the eyes and the one from the eyes to the mouth are weighted by their lengths: in profile the eyes
    move together and the second line decides.
    """
    right, left, mouth = ROLL_POINTS.dot(xy).tolist()
    return roll_between(complex(*right), complex(*left), complex(*mouth))


def roll_between(right: complex, left: complex, mouth: complex) -> float:
    """`face_roll` of the middles of the eyes and of the mouth's corners, each x + iy."""
    across, down = left - right, mouth - 0.5 * (right + left)
    return math.atan2(across.imag - down.real, across.real + down.imag)


def crop_around(xy: FloatArray, margin: float = CROP_MARGIN) -> CropBox:
    """The crop for a face with known (66, 2) landmarks, frame pixels."""
    roll = face_roll(xy)
    cos, sin = math.cos(roll), math.sin(roll)
    left, top, width, height = bounds(transform(np.array([[cos, sin], [-sin, cos]]), xy))
    x, y = left + width / 2, top + height / 2
    return CropBox((cos * x - sin * y, sin * x + cos * y), max(width, height) * margin, roll)


def crop_around_box(box: Box, roll: float = 0.0, margin: float = CROP_MARGIN) -> CropBox:
    """The crop for a detection, whose box encloses the 66 landmarks."""
    x, y, width, height = box
    return CropBox((x + width / 2, y + height / 2), max(width, height) * margin, roll)


def cut(
    image: npt.NDArray[np.uint8], box: CropBox, size: int, out: npt.NDArray[np.uint8] | None = None
) -> npt.NDArray[np.uint8]:
    """The `size` x `size` crop of a BGR image; outside the image its edge is repeated. out: where to write it.

    A region much larger than the crop is first reduced by an integer factor, by averaging: bilinear sampling alone
    would skip pixels and let sensor noise through.
    """
    shrink = max(1, int(box.side / size + 0.25))
    height, width = image.shape[:2]
    reach = 0.5 * box.side * (abs(math.cos(box.roll)) + abs(math.sin(box.roll))) + shrink
    left, top = max(0, int(box.centre[0] - reach)), max(0, int(box.centre[1] - reach))
    columns = (min(width, int(box.centre[0] + reach) + 1) - left) // shrink
    rows = (min(height, int(box.centre[1] + reach) + 1) - top) // shrink
    if columns > 1 and rows > 1:
        image = image[top : top + rows * shrink, left : left + columns * shrink]
        if shrink > 1:
            image = shrunk(image, shrink)
        # Pixel p of the shrunk region is shrink * (p + 0.5) - 0.5 + (left, top) of the frame.
        x, y = box.centre
        centre = (x - left + 0.5) / shrink - 0.5, (y - top + 0.5) / shrink - 0.5
        box = CropBox(centre, box.side / shrink, box.roll)
    warped = warped_bgra(four_channels(image), box.to_crop(size), (size, size), cv2.INTER_LINEAR)
    return cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR, dst=out)  # type: ignore[return-value]


def four_channels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W, 4) for `warped_bgra`: OpenCV warps four channels in less than half the time of three."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)  # type: ignore[return-value]


def warped_bgra(
    image: npt.NDArray[np.uint8],
    matrix: FloatArray,
    size: tuple[int, int],
    flags: int,
    out: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """`image` (H, W, 4) through an affine (2, 3) `matrix`, with its edge repeated outside. size: width, height."""
    return cv2.warpAffine(  # type: ignore[return-value]
        image, matrix, size, dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )


def shrunk(image: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """(H / factor, W / factor, 3) means of the squares of `factor` pixels that (H, W, 3) is made of."""
    # OpenCV averages in its fast way only where the factor is 2; elsewhere that takes two to six times as long.
    while factor % 2 == 0:
        factor //= 2
        size = image.shape[1] // 2, image.shape[0] // 2
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if factor == 1:
        return image
    size = image.shape[1] // factor, image.shape[0] // factor
    if factor <= 5:
        image = cv2.blur(image, (factor, factor), anchor=(0, 0))  # type: ignore[assignment]
        return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)  # type: ignore[return-value]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
