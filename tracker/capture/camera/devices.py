"""Cameras of this machine, described alike on every system, and selection of one of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tracker.capture.camera.modes import Mode
from tracker.errors import CaptureError
from tracker.opencv_path import display_name

HOW_TO_LIST = "--list-cameras 1 lists the cameras"


@dataclass(frozen=True, slots=True)
class Opening:
    """A way to open a camera. api: V4L2, MSMF, DSHOW or AVFOUNDATION. target: OpenCV's argument."""

    api: str
    target: int | str


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera as described by the system.

    index: its line in ``--list-cameras``, which is what ``-c`` takes.
    name: as the user knows it, on one line.
    path: the device's node or system path, if it has one.
    stable_id: an id that survives replugging and restarts, if the system has one.
    modes: the camera's modes; None if the system does not report them.
    openings: ways to open it, best first.
    """

    index: int
    name: str
    path: str | None
    stable_id: str | None
    modes: tuple[Mode, ...] | None
    openings: tuple[Opening, ...]

    @property
    def backend(self) -> str:
        """The system interface that is tried first."""
        return self.openings[0].api


def list_cameras() -> list[CameraDevice]:
    """All cameras that can capture, by index. Loads OpenCV on Windows and macOS only."""
    if sys.platform == "win32":
        from tracker.capture.camera import windows as devices_windows

        return devices_windows.list_cameras()
    if sys.platform == "darwin":
        from tracker.capture.camera import macos as devices_macos

        return devices_macos.list_cameras()
    from tracker.capture.camera import linux as devices_linux

    return devices_linux.list_cameras()


def one_line(name: str) -> str:
    """A device name without line breaks and control characters, which would corrupt a list that is read by lines."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split()) or "unnamed camera"


class CameraSelector:
    """Finds the camera the user selected, and the same one again after it was unplugged.

    selector: a line number of ``--list-cameras``, a name or part of one, a stable id, or a path.
    After the first success the same camera is searched for, whatever its number is by then.
    """

    def __init__(self, selector: str, lister: Callable[[], Sequence[CameraDevice]] = list_cameras) -> None:
        self.selector = selector
        self._lister = lister
        self._found: CameraDevice | None = None

    def find(self) -> CameraDevice:
        """The selected camera. Raises CaptureError when none or several match."""
        cameras = self._lister()
        if self._found is None:
            self._found = select_camera(self.selector, cameras)
            return self._found
        again = _same_camera(self._found, cameras)
        if again is None:
            raise CaptureError(f"camera {self._found.name!r} is not plugged in")
        return again


def _same_camera(known: CameraDevice, cameras: Sequence[CameraDevice]) -> CameraDevice | None:
    if known.stable_id is not None:
        return next((camera for camera in cameras if camera.stable_id == known.stable_id), None)
    namesakes = [camera for camera in cameras if camera.name == known.name]
    return next((camera for camera in namesakes if camera.path == known.path), namesakes[0] if namesakes else None)


CAMERA_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,8})")
"""What is a camera whatever files there are."""


def select_camera(selector: str, cameras: Sequence[CameraDevice]) -> CameraDevice:
    """The camera that matches `selector`. Raises CaptureError, which lists the candidates, unless exactly one does."""
    if CAMERA_NUMBER.fullmatch(selector):
        return _by_number(int(selector), cameras)
    for camera in cameras:
        if selector in (camera.path, camera.stable_id) or _same_node(selector, camera):
            return camera
    wanted = selector.casefold()
    exact = [camera for camera in cameras if camera.name.casefold() == wanted]
    partial = [camera for camera in cameras if wanted in camera.name.casefold()]
    candidates = exact or partial
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(f"{camera.index}: {camera.name}" for camera in candidates)
        raise CaptureError(f"several cameras are called '{display_name(selector)}': {names}; choose one by its number")
    raise CaptureError(f"there is no file and no camera called '{display_name(selector)}'; {_present(cameras)}")


def _same_node(selector: str, camera: CameraDevice) -> bool:
    """Whether `selector` is a link to the camera's node, like those in /dev/v4l."""
    return camera.path is not None and Path(selector).exists() and Path(selector).resolve() == Path(camera.path)


def _by_number(number: int, cameras: Sequence[CameraDevice]) -> CameraDevice:
    """Line `number` of the list; beyond its end /dev/video`number`, as scripts expect."""
    if 0 <= number < len(cameras):
        return cameras[number]
    for camera in cameras:
        if camera.path is not None and Path(camera.path).name == f"video{number}":
            return camera
    raise CaptureError(f"there is no camera {number}; {_present(cameras)}")


def _present(cameras: Sequence[CameraDevice]) -> str:
    if not cameras:
        return f"no camera was found ({HOW_TO_LIST}; -c demo needs none)"
    count = "1 camera was" if len(cameras) == 1 else f"{len(cameras)} cameras were"
    return f"{count} found ({HOW_TO_LIST})"
