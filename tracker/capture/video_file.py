"""A video file: every frame, in order, once or for ever."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import cv2

from tracker.capture.clock import FrameClock, MediaClock
from tracker.capture.codec import codec_in, codec_name
from tracker.capture.opencv import Image, OpenCapture, SharedCapture, fourcc_text, open_capture
from tracker.errors import CaptureError
from tracker.opencv_path import display_name
from tracker.types import Frame

logger = logging.getLogger(__name__)

ASSUMED_FPS = 30.0
"""Where a file does not say, or claims the tick rate of its container."""
HIGHEST_FPS = 480.0
MOST_FRAMES = 10**9
"""Containers without a count report huge or negative ones."""
FAILURES_UNTIL_END = 50
"""Attempts without a picture after which a file of unknown length is over; at its end each takes no time."""
MOST_FAILURES = 2000
"""And a file of known length, which may claim anything."""


class VideoFileSource:
    """Decodes `path`; with `repeat` starts over at the end, the media clock going on.

    Frames that cannot be decoded are skipped and counted as long as others follow.
    """

    is_live = False

    def __init__(
        self, path: Path, frame_clock: FrameClock, *, repeat: bool = False, opener: OpenCapture = open_capture
    ) -> None:
        self.name = display_name(path)
        self._path = path
        self.frame_count: int | None = None
        self._frame_clock = frame_clock
        self._repeat = repeat
        self._opener = opener
        self._capture: SharedCapture | None = None
        self._media_clock = MediaClock(1.0 / ASSUMED_FPS)
        self._first: Image | None = None
        self._delivered = 0
        self._skipped = 0
        self._told_skipping = False
        self._expected: int | None = None
        self._closed = False

    def open(self) -> str:
        self._closed = False
        first = self._start()
        if first is None:
            raise CaptureError(f"{self.name} {self._why_not()}")
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
        image, self._first = (self._next(), None) if self._first is None else (self._first, None)
        if image is None and not self._closed:
            self._tell_missing()
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
        raw = self._opener(self._path, cv2.CAP_ANY, ())
        self._capture = SharedCapture(raw)
        self._delivered = self._skipped = 0
        self._first = self._next() if raw.isOpened() else None
        if self._closed:  # closed from elsewhere while this opened
            self._capture.release()
        return self._first

    def _next(self) -> Image | None:
        """The next picture that can be decoded; None at the end."""
        failures = 0
        while not self._closed and failures <= self._patience():
            image = self._decode()
            if image is not None:
                if failures:
                    self._skipped += failures
                    self._tell_skipping()
                return image
            failures += 1
        return None

    def _patience(self) -> int:
        """How many failures in a row are still damage and not the end."""
        if self._expected is None:
            return FAILURES_UNTIL_END
        return max(0, min(self._expected - self._delivered - self._skipped, MOST_FAILURES))

    def _decode(self) -> Image | None:
        """The next picture; None where it cannot be decoded, and at the end."""
        assert self._capture is not None
        try:
            return self._capture.read()
        except CaptureError as error:
            logger.debug("%s: %s", self.name, error)
            return None

    def _tell_skipping(self) -> None:
        if not self._told_skipping:
            self._told_skipping = True
            at = self._delivered + self._skipped
            logger.warning("%s is damaged near frame %d; what cannot be decoded is skipped", self.name, at)

    def _tell_missing(self) -> None:
        """At the end: how much of the file was no use."""
        if self._skipped:
            logger.warning("%s: %d frames could not be decoded and were skipped", self.name, self._skipped)
        if self._expected is not None and self._delivered + self._skipped < self._expected:
            logger.info("%s ended after %d of about %d frames", self.name, self._delivered, self._expected)

    def _why_not(self) -> str:
        """What is wrong with a file without a single picture."""
        assert self._capture is not None
        fourcc = self._capture.get(cv2.CAP_PROP_FOURCC)  # below 0 where nothing was opened
        codec = (codec_name(fourcc_text(fourcc)) if fourcc > 0 else None) or codec_in(self._path)
        if codec is None:
            return "is not a video or picture that can be decoded"
        return (
            f"cannot be decoded: it is damaged, or this OpenCV lacks its codec, {codec}; "
            "convert it, for instance with: ffmpeg -i INPUT -c:v libx264 OUTPUT.mp4"
        )
