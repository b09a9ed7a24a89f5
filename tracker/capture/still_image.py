"""A still image as a source of one frame, or of the same frame repeatedly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker.capture.clock import FrameClock
from tracker.capture.opencv import Image, as_bgr
from tracker.errors import CaptureError
from tracker.opencv_path import display_name
from tracker.types import Frame

REPEATS_PER_S = 30.0
"""Frames per second of media time while an image is repeated."""


class StillImageSource:
    """The picture in `path`, turned upright where it says how it was held."""

    is_live = False

    def __init__(self, path: Path, frame_clock: FrameClock, *, repeat: bool = False) -> None:
        self.name = display_name(path)
        self.frame_count = None if repeat else 1
        self._path = path
        self._frame_clock = frame_clock
        self._image: Image | None = None
        self._delivered = 0

    def open(self) -> str:
        try:
            # Not cv2.imread: it cannot open a path outside the system's code page on Windows.
            data = np.fromfile(self._path, np.uint8)
            image = None if _is_cut_png(data.tobytes()) else cv2.imdecode(data, cv2.IMREAD_COLOR)
        except (OSError, cv2.error) as error:
            raise CaptureError(f"{self.name} cannot be read: {error}") from error
        if image is None:
            raise CaptureError(f"{self.name} is damaged or not a picture of a known kind")
        self._image = as_bgr(image)
        self._delivered = 0
        return f"{self.name}: {image.shape[1]}x{image.shape[0]}, one picture"

    def read(self) -> Frame | None:
        if self._image is None or (self.frame_count is not None and self._delivered >= self.frame_count):
            return None
        media_s = self._delivered / REPEATS_PER_S
        self._delivered += 1
        return self._frame_clock.stamp(self._image, media_s=media_s)

    def close(self) -> None:
        self._image = None


def _is_cut_png(data: bytes) -> bool:
    """Whether its end is missing, of which libpng itself would write to the console."""
    return data.startswith(b"\x89PNG") and b"IEND" not in data
