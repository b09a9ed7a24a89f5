"""Setting exposure, gain, focus and mains frequency of an open camera."""

from __future__ import annotations

from typing import Literal

import cv2

from tracker.capture.camera.devices import CameraDevice
from tracker.capture.camera.modes import CameraControls
from tracker.capture.opencv import SharedCapture

# Each back end has its own idea of the automatic exposure's two values (manual, automatic).
_EXPOSURE_MODES = {"V4L2": (1.0, 3.0), "DSHOW": (0.0, 1.0), "MSMF": (0.0, 1.0)}


def apply_controls(capture: SharedCapture, camera: CameraDevice, api: str, controls: CameraControls) -> list[str]:
    """Ask the camera for each control that was named; returns what it made of each, in words."""
    said: list[str] = []
    if controls.exposure is not None:
        manual, automatic = _EXPOSURE_MODES.get(api, (0.0, 1.0))
        if controls.exposure == "auto":
            said.append(_said("exposure", "auto", capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, automatic)))
        else:
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual)
            said.append(_set_value(capture, "exposure", cv2.CAP_PROP_EXPOSURE, controls.exposure))
    if controls.gain is not None:
        said.append(_set_value(capture, "gain", cv2.CAP_PROP_GAIN, controls.gain))
    if controls.focus == "auto":
        said.append(_said("focus", "auto", capture.set(cv2.CAP_PROP_AUTOFOCUS, 1.0)))
    elif controls.focus is not None:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0.0)
        said.append(_set_value(capture, "focus", cv2.CAP_PROP_FOCUS, controls.focus))
    if controls.powerline is not None:
        said.append(_said("powerline", str(controls.powerline), _set_powerline(camera, api, controls.powerline)))
    return said


def _set_value(capture: SharedCapture, name: str, prop: int, value: float) -> str:
    accepted = capture.set(prop, value)
    return _said(name, f"{capture.get(prop):g}" if accepted else f"{value:g}", accepted)


def _said(name: str, value: str, accepted: bool) -> str:
    return f"{name} {value}" if accepted else f"{name} {value} refused"


def _set_powerline(camera: CameraDevice, api: str, powerline: Literal[0, 50, 60, "auto"]) -> bool:
    """OpenCV has no property for it: V4L2 is asked directly; other systems leave it to the driver."""
    if api != "V4L2" or camera.path is None:
        return False
    from tracker.capture.camera import v4l2

    return v4l2.set_powerline(camera.path, {0: 0, 50: 1, 60: 2, "auto": 3}[powerline])
