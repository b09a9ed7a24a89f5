"""A webcam or capture card, read through OpenCV."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import cv2

from tracker.capture.camera.controls import apply_controls
from tracker.capture.camera.devices import CameraDevice, CameraSelector, Opening
from tracker.capture.camera.modes import CameraControls, CaptureRequest, apply_capability, choose_fourcc
from tracker.capture.clock import FrameClock
from tracker.capture.opencv import OpenCapture, SharedCapture, fourcc_text, open_capture
from tracker.errors import CaptureError
from tracker.opencv_path import display_name
from tracker.rate_limit import CAMERA_TOLERANCE, RateLimiter
from tracker.types import Frame

_APIS = {
    "V4L2": cv2.CAP_V4L2,
    "MSMF": cv2.CAP_MSMF,
    "DSHOW": cv2.CAP_DSHOW,
    "AVFOUNDATION": cv2.CAP_AVFOUNDATION,
}
_WINDOWS_FOURCC = {"YUYV": "YUY2", "YU12": "I420"}

FIRST_PICTURE_TRIES = 10
"""While they start, cameras fail a few reads."""
FIRST_PICTURE_S = 6.0
FAILURES_UNTIL_LOST = 3
"""Single reads fail because of USB errors; OpenSeeFace also gives a camera up at the third failure."""
RETRY_PAUSE_S = 0.02
PROMPT_FAILURE_S = 1.0
"""A read that fails after more than this ran into the backend's time-out, and is not retried."""


class CameraSource:
    """One camera; see `FrameSource` for the interface.

    A read can block indefinitely in a hanging driver, so the program wraps this in `WatchdogSource`.
    """

    is_live = True
    frame_count: int | None = None

    def __init__(
        self,
        selector: CameraSelector,
        request: CaptureRequest,
        frame_clock: FrameClock,
        *,
        dcap: int | None = None,
        controls: CameraControls | None = None,
        opener: OpenCapture = open_capture,
    ) -> None:
        """request: the requested mode; its rate is also the maximum delivered, 0 = no limit.

        dcap: the capability line to use instead, see `apply_capability`.
        """
        self.name = f"camera {display_name(selector.selector)}"
        self._selector = selector
        self._request = request
        self._frame_clock = frame_clock
        self._dcap = dcap
        self._controls = controls or CameraControls()
        self._opener = opener
        self._rate_limiter = RateLimiter(request.fps, CAMERA_TOLERANCE)
        self._capture: SharedCapture | None = None

    def open(self) -> str:
        camera = self._selector.find()
        self.name = f"camera {camera.name!r}"
        request = self._request_to(camera)
        failures: list[str] = []
        if camera.backend == "AVFOUNDATION":
            ask_macos_for_permission()
        for opening in camera.openings:
            raw = self._opener(opening.target, _APIS[opening.api], ())
            self._capture = capture = SharedCapture(raw)
            if not raw.isOpened():
                failures.append(_why_closed(camera))
            else:
                _ask(capture, opening, request)
                control_results = apply_controls(capture, camera, opening.api, self._controls)
                size = _first_size(capture)
                if size is not None:
                    return _negotiated_mode(camera, opening, capture, size, request, control_results)
                failures.append("it gives no picture; another program may be using it")
            capture.release()
        raise CaptureError(f"camera {camera.index} ({camera.name}) could not be used: {failures[-1]}")

    def read(self) -> Frame | None:
        capture = self._capture
        if capture is None:
            raise CaptureError(f"{self.name} is not open")
        failures = 0
        while True:
            started_ns = time.monotonic_ns()
            grabbed = capture.grab()
            captured_ns = time.monotonic_ns()
            if grabbed:
                if not self._rate_limiter.allows(captured_ns / 1e9):
                    continue  # skip decoding, the larger part of the cost
                image = capture.retrieve()
                if image is not None:
                    return self._frame_clock.stamp(image, captured_ns=captured_ns)
            failures += 1
            if failures == FAILURES_UNTIL_LOST or captured_ns - started_ns > PROMPT_FAILURE_S * 1e9:
                raise CaptureError(f"{self.name} gives no more pictures")
            time.sleep(RETRY_PAUSE_S)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()

    def _request_to(self, camera: CameraDevice) -> CaptureRequest:
        """The mode to request from this camera."""
        request = self._request
        if self._dcap is not None and (camera.modes or self._dcap == -1):
            return apply_capability(camera.modes or (), self._dcap, request)
        if request.fourcc is None and camera.modes:
            fourcc = choose_fourcc(camera.modes, request)
            return CaptureRequest(request.width, request.height, request.fps, fourcc)
        return request


def ask_macos_for_permission() -> None:
    """Let macOS ask the user for permission, if it has not yet. Raises CaptureError when it is denied.

    OpenCV can ask only from the main thread, and cameras are not opened there.
    """
    from tracker.capture.camera.macos import may_use_cameras

    if not may_use_cameras():
        raise CaptureError(
            "macOS does not allow this program to use the camera; "
            "allow it in System Settings, Privacy & Security, Camera, and start again"
        )


def _ask(capture: SharedCapture, opening: Opening, request: CaptureRequest) -> None:
    """Request format, size and rate, in this order: setting one may reset those after it."""
    if request.fourcc is not None:
        fourcc = request.fourcc if opening.api == "V4L2" else _WINDOWS_FOURCC.get(request.fourcc, request.fourcc)
        capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*fourcc.ljust(4))))
    if request.width > 0 and request.height > 0:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, request.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, request.height)
    if request.fps > 0:
        capture.set(cv2.CAP_PROP_FPS, request.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a queue in the driver only adds latency


def _first_size(capture: SharedCapture) -> tuple[int, int] | None:
    """Width and height of the first image; None if none comes."""
    deadline = time.monotonic() + FIRST_PICTURE_S
    for _ in range(FIRST_PICTURE_TRIES):
        image = capture.read()
        if image is not None:
            return image.shape[1], image.shape[0]
        if time.monotonic() > deadline:
            break
        time.sleep(RETRY_PAUSE_S)
    return None


def _why_closed(camera: CameraDevice) -> str:
    path = camera.path
    if sys.platform.startswith("linux") and path is not None and not os.access(path, os.R_OK | os.W_OK):
        if not Path(path).exists():
            return "it is not plugged in"
        return f"no permission for {path}; add your user to the group 'video' and log in again"
    return "it cannot be opened; another program may be using it"


def _negotiated_mode(
    camera: CameraDevice,
    opening: Opening,
    capture: SharedCapture,
    size: tuple[int, int],
    request: CaptureRequest,
    controls: list[str],
) -> str:
    """One line: the mode the camera really delivers, and the requested one where it differs."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    fourcc = fourcc_text(capture.get(cv2.CAP_PROP_FOURCC))
    rate = f"{fps:g} frames/s" if fps > 0 else "an unknown rate"
    parts = [f"camera {camera.index} ({camera.name}, {opening.api}): {size[0]}x{size[1]} at {rate}"]
    if fourcc:
        parts.append(fourcc)
    asked: list[str] = []
    if request.width > 0 and (request.width, request.height) != size:
        asked.append(f"{request.width}x{request.height}")
    if request.fps > 0 and abs(request.fps - fps) > 0.5:
        asked.append(f"{request.fps:g} frames/s")
    if request.fourcc and fourcc and fourcc not in (request.fourcc, _WINDOWS_FOURCC.get(request.fourcc)):
        asked.append(request.fourcc)
    if asked:
        parts.append(f"asked for {' '.join(asked)}")
    return ", ".join(parts + controls)
