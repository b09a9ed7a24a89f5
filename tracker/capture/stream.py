"""A picture stream behind a URL: MJPEG over HTTP, RTSP and whatever else OpenCV's FFmpeg opens."""

from __future__ import annotations

import re
import threading
import time

import cv2

from tracker.capture.clock import FrameClock, MediaClock
from tracker.capture.opencv import OpenCapture, SharedCapture, fourcc_text, open_capture
from tracker.capture.video_file import ASSUMED_FPS, HIGHEST_FPS, MOST_FRAMES
from tracker.errors import CaptureError
from tracker.rate_limit import CAMERA_TOLERANCE, RateLimiter
from tracker.types import Frame

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 4.0


class StreamSource:
    """The stream at `url`. A recording there is played at its own speed, and ends."""

    is_live = True
    frame_count: int | None = None

    def __init__(
        self,
        url: str,
        frame_clock: FrameClock,
        *,
        fps: float = 0.0,
        open_timeout_s: float = OPEN_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        opener: OpenCapture = open_capture,
    ) -> None:
        """fps: the most frames per second that are delivered, 0 = all."""
        self.name = without_password(url)
        self._url = url
        self._frame_clock = frame_clock
        self._timeouts = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(read_timeout_s * 1000),
        )
        self._opener = opener
        self._rate_limiter = RateLimiter(fps, CAMERA_TOLERANCE)
        self._capture: SharedCapture | None = None
        self._closed = threading.Event()
        self._recording: MediaClock | None = None
        self._start_s = 0.0

    def open(self) -> str:
        self._closed.clear()
        raw = self._opener(self._url, cv2.CAP_FFMPEG, self._timeouts)
        self._capture = capture = SharedCapture(raw)
        image = capture.read() if raw.isOpened() else None
        if image is None:
            capture.release()
            raise CaptureError(f"{self.name} cannot be opened or gives no picture; check the address")
        fps = capture.get(cv2.CAP_PROP_FPS)
        finite = 0 < capture.get(cv2.CAP_PROP_FRAME_COUNT) < MOST_FRAMES
        self._recording = MediaClock(1.0 / (fps if 0 < fps <= HIGHEST_FPS else ASSUMED_FPS)) if finite else None
        self._start_s = time.monotonic()
        fourcc = fourcc_text(capture.get(cv2.CAP_PROP_FOURCC)) or "unknown format"
        kind = "recording" if finite else "live"
        return f"{self.name}: {image.shape[1]}x{image.shape[0]}, {fourcc}, {kind}"

    def read(self) -> Frame | None:
        capture = self._capture
        if capture is None:
            raise CaptureError(f"{self.name} is not open")
        while True:
            if not capture.grab():
                if self._recording is not None or self._closed.is_set():
                    return None
                raise CaptureError(f"{self.name} stopped")
            if self._recording is not None:
                due_s = self._start_s + self._recording.advance(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
                self._closed.wait(max(0.0, due_s - time.monotonic()))
            captured_ns = time.monotonic_ns()
            if not self._rate_limiter.allows(captured_ns / 1e9):
                continue
            image = capture.retrieve()
            if image is not None:
                return self._frame_clock.stamp(image, captured_ns=captured_ns)

    def close(self) -> None:
        self._closed.set()
        if self._capture is not None:
            self._capture.release()


def is_url(text: str) -> bool:
    """Whether `text` begins with a scheme, as in ``rtsp://...``."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def without_password(url: str) -> str:
    """`url` as it may be shown and logged."""
    return re.sub(r"^([^/]*//[^/@:]*):[^/]*@", r"\1:***@", url)
