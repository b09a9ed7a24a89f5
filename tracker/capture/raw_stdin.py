"""Raw frames on a byte stream: width x height x 3 bytes each, rows from the top, pixels as BGR."""

from __future__ import annotations

import contextlib
import io
import logging
import select
import sys
import threading
from typing import BinaryIO

import numpy as np

from tracker.capture.clock import FrameClock
from tracker.errors import CaptureError, SettingsError
from tracker.rate_limit import Pacer
from tracker.types import Frame

logger = logging.getLogger(__name__)

WAIT_S = 0.1
"""Interval at which waiting for a silent writer checks for `close`."""
LARGEST_PIPE = 1 << 20
"""What Linux allows everybody."""
LARGEST_FRAME_BYTES = 1 << 30
UNPACED_FPS = 30.0
"""The rate that media time assumes if none was given."""


class RawStdinSource:
    """Reads every frame from standard input (or another pipe).

    With a rate, at most that many frames per second are read and the writer has to wait, as with OpenSeeFace. Media
    time is the frame number over the rate, so that the same bytes give the same results.
    """

    is_live = False
    frame_count: int | None = None

    def __init__(
        self, width: int, height: int, frame_clock: FrameClock, *, fps: float = 0.0, stream: BinaryIO | None = None
    ) -> None:
        """stream: a binary stream with a file descriptor; None = standard input."""
        self.name = "raw standard input"
        self._width = width
        self._height = height
        self._frame_clock = frame_clock
        self._fps = fps
        self._stream = stream
        self._raw: io.FileIO | None = None
        self._closed = threading.Event()
        self._delivered = 0
        self._pacer = Pacer(fps, self._closed.wait)

    def open(self) -> str:
        stream = self._stream or getattr(sys.stdin, "buffer", None)
        if self._width * self._height * 3 > LARGEST_FRAME_BYTES:
            raise SettingsError(
                f"--raw-rgb: frames of {self._width}x{self._height} are too large; -W and -H must be the sender's"
            )
        try:
            if stream is None:
                raise ValueError("there is none")
            if stream.isatty():
                raise ValueError("it is a terminal; pipe frames into it")
            # Unbuffered, and straight into the frame's memory.
            self._raw = io.FileIO(stream.fileno(), closefd=False)
            _enlarge_pipe(stream.fileno(), self._width * self._height * 3)
        except (ValueError, OSError) as error:
            raise CaptureError(f"--raw-rgb cannot read standard input: {error}") from error
        self._pacer.restart()
        pace = f"at most {self._fps:g} frames/s" if self._fps > 0 else "unpaced"
        return f"{self.name}: {self._width}x{self._height} BGR, {pace}"

    def read(self) -> Frame | None:
        if self._raw is None:
            raise CaptureError(f"{self.name} is not open")
        self._pacer.wait()
        bgr = np.empty((self._height, self._width, 3), np.uint8)
        got = self._fill(self._raw, bgr.data.cast("B"))
        if self._closed.is_set():
            return None
        if got < bgr.size:
            if got:
                logger.warning(
                    "the raw input ended %d bytes into a frame of %d (%dx%dx3); that frame is dropped",
                    got, bgr.size, self._width, self._height,
                )  # fmt: skip
            elif not self._delivered:
                raise CaptureError("raw input was empty")
            return None
        media_s = self._delivered / (self._fps or UNPACED_FPS)
        self._delivered += 1
        return self._frame_clock.stamp(bgr, media_s=media_s)

    def close(self) -> None:
        self._closed.set()

    def _fill(self, raw: io.FileIO, buffer: memoryview) -> int:
        """Fill `buffer`. Returns the number of bytes read before the end of the input or `close`."""
        got = 0
        while got < len(buffer) and not self._closed.is_set():
            # Windows cannot wait for a pipe; there a silent writer blocks this thread, which is a daemon.
            if sys.platform != "win32" and not select.select([raw], [], [], WAIT_S)[0]:
                continue
            count = raw.readinto(buffer[got:])
            if count == 0:
                break
            got += count or 0  # None: a non-blocking pipe that has nothing yet
        return got


def _enlarge_pipe(descriptor: int, frame_bytes: int) -> None:
    """Let a pipe hold a frame, as far as the system allows: the usual 64 KiB wake this thread ten times for each."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # not a pipe, or more than this user may have in all pipes
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, min(frame_bytes, LARGEST_PIPE))
