"""A picture stream behind a URL: pictures over HTTP, RTSP and whatever else OpenCV's FFmpeg opens."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import cv2

from tracker.capture.clock import FrameClock, MediaClock
from tracker.capture.opencv import OpenCapture, SharedCapture, fourcc_text, open_capture
from tracker.capture.stream_address import normalised, without_password
from tracker.capture.stream_failure import advice_on
from tracker.capture.video_file import ASSUMED_FPS, HIGHEST_FPS, MOST_FRAMES
from tracker.errors import CaptureError
from tracker.opencv_path import display_name
from tracker.rate_limit import CAMERA_TOLERANCE, RateLimiter
from tracker.types import Frame

if TYPE_CHECKING:
    from tracker.capture.http_pictures import HttpPictures

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
        """fps: the most frames per second that are delivered, 0 = all. Raises CaptureError for no address at all."""
        self.name = without_password(display_name(url))
        self._url = normalised(url)
        self._frame_clock = frame_clock
        self._timeouts = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(read_timeout_s * 1000),
        )
        self._fps = fps
        self._limits_s = open_timeout_s, read_timeout_s
        self._pictures: HttpPictures | None = None
        self._opener = opener
        self._rate_limiter = RateLimiter(fps, CAMERA_TOLERANCE)
        self._capture: SharedCapture | None = None
        self._closed = threading.Event()
        self._recording: MediaClock | None = None
        self._start_s = 0.0

    def open(self) -> str:
        self._closed.clear()
        if self._url.startswith(("http:", "https:")):
            from tracker.capture.http_pictures import HttpPictures, NotPicturesError  # loads HTTP and TLS

            self._pictures = HttpPictures(self._url, self._frame_clock, fps=self._fps, limits_s=self._limits_s)
            try:
                return self._pictures.open()
            except NotPicturesError:
                self._pictures = None
        return self._open_with_ffmpeg()

    def _open_with_ffmpeg(self) -> str:
        raw = self._opener(self._url, cv2.CAP_FFMPEG, self._timeouts)
        self._capture = capture = SharedCapture(raw)
        image = capture.read() if raw.isOpened() else None
        if image is None:
            capture.release()
            raise CaptureError(f"{self.name} cannot be opened or gives no picture: {advice_on(self._url)}")
        fps = capture.get(cv2.CAP_PROP_FPS)
        finite = 0 < capture.get(cv2.CAP_PROP_FRAME_COUNT) < MOST_FRAMES
        self._recording = MediaClock(1.0 / (fps if 0 < fps <= HIGHEST_FPS else ASSUMED_FPS)) if finite else None
        self._start_s = time.monotonic()
        fourcc = fourcc_text(capture.get(cv2.CAP_PROP_FOURCC)) or "unknown format"
        kind = "recording" if finite else "live"
        return f"{self.name}: {image.shape[1]}x{image.shape[0]}, {fourcc}, {kind}"

    def read(self) -> Frame | None:
        if self._pictures is not None:
            return self._pictures.read()
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
        if self._pictures is not None:
            self._pictures.close()
        if self._capture is not None:
            self._capture.release()
