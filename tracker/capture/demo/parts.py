"""What opens and closes in the demo face: eyes between their lids, teeth and tongue between the lips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
# OpenCV's stubs give back arrays of any number type.
Picture = npt.NDArray[Any]

FINE = 3  # eyes and mouth are drawn this many times larger, then averaged down
_SHIFT = 4
SCLERA, SCLERA_IN_SHADE = (196, 204, 214), (128, 138, 158)  # BGR, all of them
LIMBUS, IRIS, IRIS_INNER, PUPIL = (34, 42, 52), (46, 72, 98), (58, 96, 128), (14, 14, 16)
GLINT, LASHES = (246, 248, 250), (30, 34, 44)
MOUTH_DARK, TONGUE, LIP_LINE = (30, 22, 52), (92, 88, 168), (48, 42, 92)
UPPER_TEETH, LOWER_TEETH = (200, 214, 224), (160, 171, 179)


class _Patch:
    """A finer canvas over a part of the picture: colour, and alpha that says how much of it shows."""

    def __init__(self, picture: Picture, outline: Floats, margin: float) -> None:
        height, width = picture.shape[:2]
        low = np.floor(outline.min(axis=0) - margin).astype(int).clip(0, [width, height])
        high = np.ceil(outline.max(axis=0) + margin + 1).astype(int).clip(0, [width, height])
        self.window = picture[low[1] : high[1], low[0] : high[0]]
        self.low = low
        rows, columns = self.window.shape[:2]
        self.colour: Picture = np.zeros((rows * FINE, columns * FINE, 3), np.uint8)
        self.alpha: Picture = np.zeros((rows * FINE, columns * FINE), np.uint8)

    @property
    def empty(self) -> bool:
        return self.window.size == 0

    def fixed(self, points: Floats) -> npt.NDArray[np.int32]:
        """Picture pixels to the fixed-point coordinates that OpenCV draws with."""
        fine = (points - self.low + 0.5) * FINE - 0.5
        fixed: npt.NDArray[np.int32] = np.round(fine * (1 << _SHIFT)).astype(np.int32)
        return fixed

    def fill(self, points: Floats, colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(self.colour, [self.fixed(points)], colour, cv2.LINE_AA, _SHIFT)

    def show(self, points: Floats) -> None:
        """Let what was drawn inside `points` be seen."""
        cv2.fillPoly(self.alpha, [self.fixed(points)], 255, cv2.LINE_AA, _SHIFT)

    def soften(self, radius_px: float) -> None:
        self.colour = _soft(self.colour, radius_px)

    def darken(self, bright: Floats, outside: float, radius_px: float, brightness: float = 1.0) -> None:
        """Keep `bright` (points) at `brightness`, the rest at `outside` of it, with a soft edge in between."""
        shadow: Picture = np.full(self.alpha.shape, round(255 * outside), np.uint8)
        cv2.fillPoly(shadow, [self.fixed(bright)], 255, cv2.LINE_AA, _SHIFT)
        shadow = cv2.cvtColor(_soft(shadow, radius_px), cv2.COLOR_GRAY2BGR)
        self.colour = cv2.multiply(self.colour, shadow, scale=brightness / 255)

    def line(self, points: Floats, colour: tuple[int, int, int], width_px: float, strength: float) -> None:
        """A soft line over everything drawn so far, seen as well where nothing else is. `strength`: 0 to 1."""
        stroke: Picture = np.zeros_like(self.alpha)
        thickness = max(1, round(width_px * FINE))
        cv2.polylines(stroke, [self.fixed(points)], False, round(255 * strength), thickness, cv2.LINE_AA, _SHIFT)
        stroke = cv2.blur(stroke, (3, 3))
        total = np.maximum(self.alpha, stroke)
        over = cv2.divide(stroke, np.maximum(total, 1), dtype=cv2.CV_32F)
        self.colour = cv2.blendLinear(_plain(self.colour, colour), self.colour, over, 1 - over)
        self.alpha = total

    def blend(self) -> None:
        """Average down and put it into the picture."""
        size = self.window.shape[1::-1]
        solid = cv2.multiply(self.colour, cv2.cvtColor(self.alpha, cv2.COLOR_GRAY2BGR), scale=1 / 255)
        uncovered = 255 - cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA)
        behind = cv2.multiply(self.window, cv2.cvtColor(uncovered, cv2.COLOR_GRAY2BGR), scale=1 / 255)
        self.window[:] = cv2.add(behind, cv2.resize(solid, size, interpolation=cv2.INTER_AREA))


def _plain(like: Picture, colour: tuple[int, int, int]) -> Picture:
    """A picture of one colour; OpenCV fills it many times faster than NumPy broadcasts three bytes."""
    plain = np.empty_like(like)
    return cv2.rectangle(plain, (0, 0), plain.shape[1::-1], colour, cv2.FILLED)  # type: ignore[return-value]


def _soft(image: Picture, radius_px: float) -> Picture:
    """Two box blurs: close to a Gaussian of `radius_px` picture pixels, and much cheaper."""
    size = 2 * round(1.2 * radius_px * FINE) + 1
    return cv2.blur(cv2.blur(image, (size, size)), (size, size)) if size > 1 else image


def draw_eye(picture: Picture, ring: Floats, rim: Floats, centre: Floats, shade: float) -> None:
    """One eye between its lids.

    ring (16, 2): the lids' edge in pixels, from one corner over the upper lid to the other and back. rim (24, 2) and
    centre (2,): the iris. shade: brightness of the skin around.
    """
    width = float(np.linalg.norm(ring[8] - ring[0]))
    patch = _Patch(picture, ring, 0.12 * width + 2)
    if patch.empty:
        return
    upper, lower = ring[:9], np.concatenate([ring[:1], ring[:7:-1]])
    gap = float(np.linalg.norm(lower[4] - upper[4]))
    if gap > 0.03 * width:
        down = (lower[4] - upper[4]) / gap
        cast = np.concatenate([upper + down * 0.055 * width, lower[::-1]])  # what the upper lid's shadow spares
        middle = ring.mean(axis=0)
        patch.colour = _plain(patch.colour, SCLERA_IN_SHADE)
        patch.fill(middle + (cast - middle) * [0.86, 1.0], SCLERA)
        patch.soften(0.05 * width)
        patch.fill(rim, LIMBUS)
        patch.fill(centre + (rim - centre) * 0.88, IRIS)
        patch.fill(centre + (rim - centre) * 0.62, IRIS_INNER)
        patch.soften(0.018 * width)
        patch.fill(centre + (rim - centre) * 0.40, PUPIL)
        patch.darken(cast, 0.60, 0.04 * width, min(shade, 1.05))
        radius = float(np.linalg.norm(rim - centre, axis=1).mean())
        patch.fill(centre + np.array([-0.32, -0.36]) * radius + (rim - centre) * 0.15, GLINT)
        patch.show(ring)
    patch.line(lower, LASHES, 0.025 * width, 0.30)
    patch.line(upper, LASHES, 0.055 * width, 0.80)
    patch.blend()


def draw_mouth(
    picture: Picture, ring: Floats, project: Callable[[Floats], Floats], lips: Floats, neutral: Floats
) -> None:
    """What shows between the lips.

    ring (R, 2): the lips' inner edge in pixels, from the picture-left corner over the upper lip. lips, neutral
    (R, 3): that edge now and at rest, in the head. project: from the head to pixels.
    """
    half = len(ring) // 2
    width = float(np.linalg.norm(ring[half] - ring[0]))
    patch = _Patch(picture, ring, 0.06 * width + 2)
    if patch.empty:
        return
    upper, lower = ring[: half + 1], np.concatenate([ring[:1], ring[: half - 1 : -1]])
    middle = half // 2
    gap = float(np.linalg.norm(lower[middle] - upper[middle]))
    if gap > 0.02 * width:
        rest, jaw = neutral.mean(axis=0), lips[-middle] - neutral[-middle]  # how far the lower lip has moved
        x = np.linspace(-1, 1, 13)
        arch = 0.05 + 0.07 * x**2  # behind the lips
        tongue = rest + jaw * [1, 0.9, 1] + np.column_stack([0.105 * x, 0.06 * x**2 - 0.025, arch + 0.08])
        upper_teeth = rest + np.column_stack([0.135 * x, 0.020 - 0.016 * x**2, arch])
        lower_teeth = rest + jaw + np.column_stack([0.110 * x, 0.016 * x**2 - 0.006, arch + 0.02])
        patch.colour = _plain(patch.colour, MOUTH_DARK)
        patch.fill(project(np.concatenate([tongue, tongue[::-1] + [0, 0.2, 0]])), TONGUE)
        patch.soften(0.035 * width)
        patch.fill(project(np.concatenate([upper_teeth, upper_teeth[::-1] - [0, 0.1, 0]])), UPPER_TEETH)
        patch.fill(project(np.concatenate([lower_teeth, lower_teeth[::-1] + [0, 0.1, 0]])), LOWER_TEETH)
        patch.soften(0.012 * width)
        centre = ring.mean(axis=0)
        patch.darken(centre + (ring - centre) * [0.8, 0.75] + [0, 0.08 * gap], 0.43, 0.12 * gap)
        patch.show(ring)
    patch.line(upper, LIP_LINE, 0.016 * width, 0.55)
    patch.line(lower, LIP_LINE, 0.012 * width, 0.25)
    patch.blend()
