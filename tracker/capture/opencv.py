"""What every source that reads through OpenCV shares: silence, safe release, BGR pictures."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from tracker.capture.stream_address import without_password
from tracker.errors import CaptureError
from tracker.opencv_path import display_name, opencv_path, opencv_url

Image = npt.NDArray[np.uint8]
_Result = TypeVar("_Result")


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used here; the tests' cameras have it too."""

    def isOpened(self) -> bool: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, np.ndarray | None]: ...
    def get(self, propId: int, /) -> float: ...
    def set(self, propId: int, value: float, /) -> bool: ...
    def release(self) -> None: ...


OpenCapture = Callable[[Path | str | int, int, Sequence[int]], VideoCapture]
"""(target, backend, open parameters) -> capture, which may not be open."""


def open_capture(target: Path | str | int, backend: int, parameters: Sequence[int] = ()) -> VideoCapture:
    """``cv2.VideoCapture`` without its chatter, and with any file name that the system allows.

    target: a file or device, a URL as text, or a device's number. parameters: property, value, property, value, ...
    Raises CaptureError when OpenCV throws or the name cannot be handed to it.
    """
    _quieten()
    try:
        if isinstance(target, int):
            return cv2.VideoCapture(target, backend, list(parameters))
        if isinstance(target, str) and "://" in target:
            return cv2.VideoCapture(opencv_url(target), backend, list(parameters))
        with opencv_path(Path(target)) as name:
            return cv2.VideoCapture(name, backend, list(parameters))
    except OSError as error:
        raise CaptureError(f"{_shown(target)} cannot be opened: {error.strerror or error}") from error
    except cv2.error as error:
        # Some back ends throw where others return a closed capture.
        raise CaptureError(f"OpenCV cannot open {_shown(target)}: {error.err}") from error


def _shown(target: Path | str | int) -> str:
    return str(target) if isinstance(target, int) else without_password(display_name(target))


def _quieten() -> None:
    """Keep OpenCV's and FFmpeg's own lines off standard error: the user gets one line, and it is ours.

    Whoever sets the variables wants to see those lines. OpenCV reads them when the back end is first used. On Windows
    FFmpeg's back end is a library of its own, with a log level of its own, that only the variable reaches.
    """
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4 has it at the top, OpenCV 5 in a module of its own. 0 is silent in both.
        set_level: Callable[[int], object] = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
        set_level(0)
        os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # Seconds; OpenCV's 10 would outlast the watchdog and keep a lost camera's node busy.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")


class SharedCapture:
    """A capture that may be released from another thread.

    OpenCV crashes when a capture is released during a read. Here `release` never waits: while a read is
    under way, it is the reader that releases, as soon as its call returns.
    """

    def __init__(self, capture: VideoCapture) -> None:
        self._capture = capture
        self._in_use = threading.Lock()
        self._released = False

    def get(self, prop: int) -> float:
        """A property; 0 where it is unknown or the capture was released."""
        value = self._use(lambda capture: capture.get(prop))
        return 0.0 if value is None else float(value)

    def set(self, prop: int, value: float) -> bool:
        """Ask for a property; whether the back end said yes."""
        return bool(self._use(lambda capture: capture.set(prop, value)))

    def grab(self) -> bool:
        """Wait for the next picture without decoding it; False when none came or the capture was released."""
        return bool(self._use(lambda capture: capture.grab()))

    def retrieve(self) -> Image | None:
        """The grabbed picture, (H, W, 3) uint8; None when it cannot be decoded."""
        answer = self._use(lambda capture: capture.retrieve())
        if answer is None:
            return None
        ok, image = answer
        return as_bgr(image) if ok and image is not None and image.size else None

    def read(self) -> Image | None:
        """Grab and retrieve."""
        return self.retrieve() if self.grab() else None

    def release(self) -> None:
        """Give the device back, now or when the read under way returns. Safe to call twice."""
        self._released = True
        self._release_if_idle()

    def _use(self, operation: Callable[[VideoCapture], _Result]) -> _Result | None:
        try:
            with self._in_use:
                return None if self._released else operation(self._capture)
        except cv2.error as error:
            raise CaptureError(f"OpenCV failed to read: {error.err}") from error
        finally:
            if self._released:
                self._release_if_idle()

    def _release_if_idle(self) -> None:
        if self._in_use.acquire(blocking=False):
            try:
                self._capture.release()
            finally:
                self._in_use.release()


def as_bgr(image: np.ndarray) -> Image:
    """(H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 as (H, W, 3). Raises CaptureError for anything else."""
    if image.dtype == np.uint8:
        channels = 1 if image.ndim == 2 else image.shape[-1]
        if image.ndim == 3 and channels == 3:
            return image
        if image.ndim in (2, 3) and channels == 1:
            return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        if image.ndim == 3 and channels == 4:
            return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), np.uint8)
    raise CaptureError(f"pictures of shape {image.shape} and type {image.dtype} are not supported")


def fourcc_text(code: float) -> str:
    """The four letters of a pixel format as OpenCV reports it, '' where it reports none."""
    letters = (int(code) & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1").strip("\0 ")
    return letters if letters.isprintable() else ""
