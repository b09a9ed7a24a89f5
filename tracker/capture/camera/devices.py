"""The cameras of this machine, the same way on every system, and which of them the user means."""

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
    """One way to open a camera. api: V4L2, MSMF, DSHOW or AVFOUNDATION; target: what OpenCV is given."""

    api: str
    target: int | str


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera as the system describes it.

    index: its line in ``--list-cameras``, which is what ``-c`` takes.
    name: on one line, as the user knows it.
    path: the device's node or system path, where it has one.
    stable_id: the same after plugging in again and after a restart, where the system knows one.
    modes: what the camera offers; None where the system would not say.
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
        """The system interface the camera is opened through first."""
        return self.openings[0].api


def list_cameras() -> list[CameraDevice]:
    """Every camera that can deliver pictures, by index. Loads OpenCV on no system but Windows and macOS."""
    if sys.platform == "win32":
        from tracker.capture.camera import windows as devices_windows

        return devices_windows.list_cameras()
    if sys.platform == "darwin":
        from tracker.capture.camera import macos as devices_macos

        return devices_macos.list_cameras()
    from tracker.capture.camera import linux as devices_linux

    return devices_linux.list_cameras()


def one_line(name: str) -> str:
    """A device's name without line breaks and other control characters, which would break a list read by lines."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split()) or "unnamed camera"


class CameraSelector:
    """Finds the camera the user named, and the same one again after it was unplugged.

    selector: a line number of ``--list-cameras``, a name or part of one, a stable id, or a path.
    After the first success it is that very camera that is looked for, under whatever number it comes back.
    """

    def __init__(self, selector: str, lister: Callable[[], Sequence[CameraDevice]] = list_cameras) -> None:
        self.selector = selector
        self._lister = lister
        self._found: CameraDevice | None = None

    def find(self) -> CameraDevice:
        """Raises CaptureError when no camera, or more than one, fits."""
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
    """The one camera `selector` means. Raises CaptureError with the candidates when there is not exactly one."""
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
    """Whether `selector` is a link to the camera's node, as everything below /dev/v4l is."""
    return camera.path is not None and Path(selector).exists() and Path(selector).resolve() == Path(camera.path)


def _by_number(number: int, cameras: Sequence[CameraDevice]) -> CameraDevice:
    """Line `number` of the list; beyond its end the node of that number, as scripts for /dev/videoN expect."""
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
