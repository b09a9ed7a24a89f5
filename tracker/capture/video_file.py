"""A video file: every frame, in order, once or for ever."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import cv2

from tracker.capture.clock import FrameClock, MediaClock
from tracker.capture.opencv import Image, OpenCapture, SharedCapture, open_capture
from tracker.errors import CaptureError
from tracker.types import Frame

logger = logging.getLogger(__name__)

ASSUMED_FPS = 30.0
"""Where a file does not say, or claims the tick rate of its container."""
HIGHEST_FPS = 480.0
MOST_FRAMES = 10**9
"""Containers without a count report huge or negative ones."""


class VideoFileSource:
    """Decodes `path`; with `repeat` starts over at the end, the media clock going on."""

    is_live = False

    def __init__(
        self, path: Path, frame_clock: FrameClock, *, repeat: bool = False, opener: OpenCapture = open_capture
    ) -> None:
        self.name = str(path)
        self.frame_count: int | None = None
        self._frame_clock = frame_clock
        self._repeat = repeat
        self._opener = opener
        self._capture: SharedCapture | None = None
        self._media_clock = MediaClock(1.0 / ASSUMED_FPS)
        self._first: Image | None = None
        self._delivered = 0
        self._expected: int | None = None
        self._closed = False

    def open(self) -> str:
        self._closed = False
        first = self._start()
        if first is None:
            raise CaptureError(f"{self.name} is not a video or picture that can be decoded")
        capture = self._capture
        assert capture is not None
        fps = capture.get(cv2.CAP_PROP_FPS)
        if not (math.isfinite(fps) and 0 < fps <= HIGHEST_FPS):
            fps = ASSUMED_FPS
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._expected = int(count) if 0 < count < MOST_FRAMES else None
        self.frame_count = None if self._repeat else self._expected
        self._media_clock = MediaClock(1.0 / fps)
        frames = "length unknown" if self._expected is None else f"{self._expected} frames"
        return f"{self.name}: {first.shape[1]}x{first.shape[0]}, {fps:g} frames/s, {frames}"

    def read(self) -> Frame | None:
        if self._capture is None:
            raise CaptureError(f"{self.name} is not open")
        image, self._first = (self._decode(), None) if self._first is None else (self._first, None)
        if image is None and not self._closed:
            if self._expected is not None and self._delivered < self._expected:
                logger.info("%s ended after %d of about %d frames", self.name, self._delivered, self._expected)
            if self._repeat and self._delivered:
                image, self._first = self._start(), None
        if image is None:
            return None
        self._delivered += 1
        position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        return self._frame_clock.stamp(image, media_s=self._media_clock.advance(position_s))

    def close(self) -> None:
        self._closed = True
        if self._capture is not None:
            self._capture.release()

    def _start(self) -> Image | None:
        """Open the file at its beginning; its first picture, kept for the next read."""
        if self._capture is not None:
            self._capture.release()
        raw = self._opener(self.name, cv2.CAP_ANY, ())
        self._capture = SharedCapture(raw)
        self._delivered = 0
        self._first = self._decode() if raw.isOpened() else None
        if self._closed:  # closed from elsewhere while this opened
            self._capture.release()
        return self._first

    def _decode(self) -> Image | None:
        """The next picture; None at the end, which may be where the file is damaged."""
        assert self._capture is not None
        try:
            return self._capture.read()
        except CaptureError as error:
            logger.warning("%s cannot be decoded further: %s", self.name, error)
            return None
