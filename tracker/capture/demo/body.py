"""What is around the demo face: neck, shoulders and the room behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tracker.capture.demo.raster import draw_mesh

Floats = npt.NDArray[np.floating]
# OpenCV's stubs give back arrays of any number type.
Picture = npt.NDArray[Any]

NECK_PIVOT = np.array([0.0, 0.42, 0.72])  # what the head turns about, seen from the nose tip, in the head


class Body:
    """Neck and shoulders: a tube that hangs between the head, which turns, and the body, which hardly does."""

    # y, half width, half depth (face units below the nose tip), and how far the ring follows the head
    RINGS = np.array(
        [
            [0.20, 0.30, 0.32, 1.00],
            [0.40, 0.31, 0.33, 0.85],
            [0.55, 0.315, 0.31, 0.45],
            [0.68, 0.33, 0.31, 0.15],
            [0.76, 0.40, 0.33, 0.00],
            [0.84, 0.64, 0.36, 0.00],
            [0.92, 0.95, 0.40, 0.00],
            [1.05, 1.25, 0.46, 0.00],
            [1.40, 1.42, 0.52, 0.00],
            [3.20, 1.50, 0.60, 0.00],
        ]
    )
    COLLAR = 4  # the ring where the skin ends

    def __init__(
        self, atlas: Picture, background: Picture, project: Callable[[Floats], Floats], to_light: Floats
    ) -> None:
        columns = 11
        angle = np.linspace(-np.pi / 2, np.pi / 2, columns)
        rings = self.RINGS
        x = rings[:, 1:2] * np.sin(angle)
        z = 0.80 - rings[:, 2:3] * np.cos(angle)
        y = np.repeat(rings[:, :1], columns, axis=1)
        y[self.COLLAR] += 0.10 * np.cos(angle)  # the collar dips in front
        self._points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
        self._follow = np.repeat(rings[:, 3], columns)[:, None]
        normal = np.stack([np.sin(angle), np.full(columns, -0.25), -np.cos(angle)], axis=1)
        self._normals = np.tile(normal / np.linalg.norm(normal, axis=1, keepdims=True), (len(rings), 1))
        v, u = np.mgrid[0 : len(rings), 0:columns]
        self._uv = np.stack([u * 127.0 / (columns - 1), v * 16.0], axis=-1).reshape(-1, 2)
        cell = (np.arange(len(rings) - 1)[:, None] * columns + np.arange(columns - 1))[:, :, None]
        quads = np.concatenate([cell, cell + 1, cell + columns + 1, cell, cell + columns + 1, cell + columns], axis=2)
        self._neck = quads[: self.COLLAR].reshape(-1, 3).astype(np.int32)
        self._shoulders = quads[self.COLLAR :].reshape(-1, 3).astype(np.int32)
        self._texture = self._paint(atlas)
        self._project, self._background = project, background
        self._shade = (0.66 + 0.42 * np.clip(self._normals @ to_light, 0, None)).astype(np.float32)
        self._seat = np.full(3, np.nan)
        self._seated = background

    def _paint(self, atlas: Picture) -> Picture:
        height = 16 * (len(self.RINGS) - 1) + 1
        skin = np.median(atlas[-20:, 60:-100].reshape(-1, 3), axis=0) * 0.86
        rng = np.random.default_rng(3)
        weave = rng.normal(size=(height, 128, 1)).astype(np.float32) * 2.0
        y = np.arange(height, dtype=np.float32)[:, None, None]
        x = np.linspace(-1, 1, 128, dtype=np.float32)[None, :, None]
        chin = 0.60 + 0.40 * np.clip((y - 12) / 30, 0, 1)  # the head's shadow on the neck
        sinew = 1 + 0.035 * np.exp(-(((np.abs(x) - 0.34) / 0.12) ** 2)) - 0.04 * np.exp(-((x / 0.12) ** 2))
        neck = np.broadcast_to(skin, (height, 128, 3)) * chin * sinew
        shirt = np.array([88.0, 70.0, 52.0]) + weave
        edge = np.clip((y - self.COLLAR * 16) / 1.5, 0, 1)
        hem = 1 - 0.35 * np.exp(-(((y - self.COLLAR * 16 - 1) / 2.0) ** 2))
        texture: Picture = ((neck * (1 - edge) + shirt * edge) * hem).clip(0, 255).astype(np.uint8)
        return texture

    def draw(self, rotation: Floats, translation: Floats) -> Picture:
        """A new picture of the background and the body below a head posed by `rotation` and `translation`.

        The shoulders keep still while the head moves about its seat, so they are drawn only when it takes another.
        """
        anchor = translation + rotation @ NECK_PIVOT - NECK_PIVOT
        seat = np.round(anchor * 2) / 2
        if not np.array_equal(seat, self._seat):
            self._seat, self._seated = seat, self._background.copy()
            self._draw(self._seated, self._points + seat, self._shoulders)
        picture: Picture = self._seated.copy()
        at_rest = self._points + seat
        with_head = self._points @ rotation.T + translation
        self._draw(picture, at_rest + (with_head - at_rest) * self._follow, self._neck)
        return picture

    def _draw(self, picture: Picture, posed: Floats, triangles: npt.NDArray[np.int32]) -> None:
        draw_mesh(picture, self._project(posed), posed[:, 2], triangles, self._uv, self._shade, self._texture)


def paint_background(width: int, height: int) -> Picture:
    """A room out of focus, (H, W, 3) uint8."""
    room: Picture = np.empty((90, 160, 3), np.float32)
    y, x = np.mgrid[0:90, 0:160].astype(np.float32)
    room[:] = np.array([150, 158, 164], np.float32)
    room *= (1.06 - 0.30 * x / 160 - 0.10 * y / 90)[:, :, None]
    for left, top, right, bottom, colour in (
        (8, 6, 40, 52, (206, 204, 198)),  # a window
        (118, 14, 152, 17, (70, 92, 120)),  # shelves and what stands on them
        (118, 40, 152, 43, (70, 92, 120)),
        (121, 24, 125, 40, (96, 84, 72)),
        (126, 21, 130, 40, (70, 82, 132)),
        (131, 26, 136, 40, (92, 120, 104)),
        (141, 30, 149, 40, (84, 130, 150)),
        (122, 2, 131, 14, (64, 104, 84)),
        (0, 74, 160, 90, (98, 112, 128)),  # a sideboard
    ):
        cv2.rectangle(room, (left, top), (right, bottom), colour, -1)
    room = cv2.GaussianBlur(room, (0, 0), 2.6)
    scale = max(width / 160, height / 90)
    large = cv2.resize(room, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    picture = large[max(top, 0) : max(top, 0) + height, max(left, 0) : max(left, 0) + width]
    if picture.shape[:2] != (height, width):
        picture = cv2.resize(picture, (width, height))
    grain = np.random.default_rng(5).normal(scale=1.2, size=(height, width, 1))
    return (picture + grain).clip(0, 255).astype(np.uint8)
