"""Sets exposure, gain, focus and mains frequency of an open camera."""

from __future__ import annotations

from typing import Literal

import cv2

from tracker.capture.camera.devices import CameraDevice
from tracker.capture.camera.modes import CameraControls
from tracker.capture.opencv import SharedCapture

# Values for manual and automatic exposure differ between backends.
_EXPOSURE_MODES = {"V4L2": (1.0, 3.0), "DSHOW": (0.0, 1.0), "MSMF": (0.0, 1.0)}


def apply_controls(capture: SharedCapture, camera: CameraDevice, api: str, controls: CameraControls) -> list[str]:
    """Set each requested control. Returns a description of each result."""
    results: list[str] = []
    if controls.exposure is not None:
        manual, automatic = _EXPOSURE_MODES.get(api, (0.0, 1.0))
        if controls.exposure == "auto":
            results.append(_describe("exposure", "auto", capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, automatic)))
        else:
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual)
            results.append(_set_value(capture, "exposure", cv2.CAP_PROP_EXPOSURE, controls.exposure))
    if controls.gain is not None:
        results.append(_set_value(capture, "gain", cv2.CAP_PROP_GAIN, controls.gain))
    if controls.focus == "auto":
        results.append(_describe("focus", "auto", capture.set(cv2.CAP_PROP_AUTOFOCUS, 1.0)))
    elif controls.focus is not None:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0.0)
        results.append(_set_value(capture, "focus", cv2.CAP_PROP_FOCUS, controls.focus))
    if controls.powerline is not None:
        results.append(_describe("powerline", str(controls.powerline), _set_powerline(camera, api, controls.powerline)))
    return results


def _set_value(capture: SharedCapture, name: str, prop: int, value: float) -> str:
    accepted = capture.set(prop, value)
    return _describe(name, f"{capture.get(prop):g}" if accepted else f"{value:g}", accepted)


def _describe(name: str, value: str, accepted: bool) -> str:
    return f"{name} {value}" if accepted else f"{name} {value} refused"


def _set_powerline(camera: CameraDevice, api: str, powerline: Literal[0, 50, 60, "auto"]) -> bool:
    """Set directly through V4L2, since OpenCV has no such property; other systems leave it to the driver."""
    if api != "V4L2" or camera.path is None:
        return False
    from tracker.capture.camera import v4l2

    return v4l2.set_powerline(camera.path, {0: 0, 50: 1, 60: 2, "auto": 3}[powerline])
