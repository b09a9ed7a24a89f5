"""Chooses the source for the value of ``-c``."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from tracker.capture.animation import AnimationSource
from tracker.capture.camera.devices import CAMERA_NUMBER, HOW_TO_LIST, CameraSelector
from tracker.capture.camera.modes import CameraControls, CaptureRequest, parse_fourcc
from tracker.capture.camera.source import CameraSource
from tracker.capture.clock import FrameClock
from tracker.capture.file_kind import kind_of_file
from tracker.capture.raw_stdin import RawStdinSource
from tracker.capture.reoriented import mirrored, turned
from tracker.capture.source import FrameSource
from tracker.capture.still_image import StillImageSource
from tracker.capture.stream import StreamSource
from tracker.capture.stream_address import as_path, hint_for, is_url, normalised, without_password
from tracker.capture.supervised import READ_TIMEOUT_S, ReopeningSource, WatchdogSource
from tracker.capture.video_file import VideoFileSource
from tracker.errors import CaptureError, SettingsError
from tracker.opencv_path import display_name

DEMO = "demo"
_FILE_SUFFIXES = {
    ".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".gif", ".mjpg",
    ".mjpeg", ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".txt",
}  # fmt: skip


def open_source(
    capture: str,
    *,
    width: int = 640,
    height: int = 360,
    fps: float = 24.0,
    dformat: str | None = None,
    dcap: int | None = None,
    raw_rgb: int = 0,
    repeat_video: bool = False,
    mirror: bool = False,
    rotate: int = 0,
    controls: CameraControls | None = None,
    give_up_s: float | None = None,
) -> FrameSource:
    """The source for `capture`, not opened yet: ``demo``, a URL, a file, a device's path, a camera's number or name.

    width, height: asked of cameras, and the size of raw frames and of the demo; files and streams have their own.
    fps: asked of cameras, and the most per second from live sources and raw input; 0 = as they come.
    raw_rgb: above 0, frames come from standard input whatever `capture` says; always in the order blue, green, red.
    rotate: clockwise turn of the frames in degrees, 0, 90, 180 or 270; before they are mirrored.
    give_up_s: end with CaptureError when a live source stays lost that long; None = wait for ever.

    Raises CaptureError for a file that is not there or no video or picture, SettingsError for an empty `capture` or a
    wrong `dformat`.
    Whether a camera exists is found out by the source's `open`.
    """
    if not capture.strip() and raw_rgb <= 0:
        raise SettingsError(f"argument --capture: it is empty; give a camera's number, a file, an address or {DEMO!r}")
    frame_clock = FrameClock()
    fourcc = parse_fourcc(dformat) if dformat else None
    source: FrameSource
    if raw_rgb > 0:
        source = RawStdinSource(width, height, frame_clock, fps=fps)
    elif capture == DEMO:
        from tracker.capture.demo.source import DemoSource

        source = DemoSource(width, height, fps)
    elif is_url(capture) and not capture.lower().startswith("file:"):
        normalised(capture)  # what is wrong with an address is told at once
        source = _supervised(lambda: StreamSource(capture, frame_clock, fps=fps), fps, give_up_s)
    elif (path := _existing_file(capture)) is not None:
        kind = kind_of_file(path)
        if kind == "still":
            source = StillImageSource(path, frame_clock, repeat=repeat_video)
        elif kind == "animation":
            source = AnimationSource(path, frame_clock, repeat=repeat_video)
        else:
            source = VideoFileSource(path, frame_clock, repeat=repeat_video)
    else:
        selector = CameraSelector(capture)
        request = CaptureRequest(width, height, fps, fourcc)
        source = _supervised(
            lambda: CameraSource(selector, request, frame_clock, dcap=dcap, controls=controls), fps, give_up_s
        )
    if rotate:
        source = turned(source, rotate)
    return mirrored(source) if mirror else source


def _supervised(make: Callable[[], FrameSource], fps: float, give_up_s: float | None) -> ReopeningSource:
    """A live source with watchdog and reopening."""
    # A camera asked for one frame in ten seconds does not hang.
    read_timeout_s = max(READ_TIMEOUT_S, 3.0 / fps) if fps > 0 else READ_TIMEOUT_S
    return ReopeningSource(WatchdogSource(make, read_timeout_s=read_timeout_s), give_up_s=give_up_s)


def _existing_file(capture: str) -> Path | None:
    """The file or folder `capture` names; None for a device node, and for what can only be a camera.

    Raises CaptureError for what is clearly meant as a file but is not there.
    """
    if CAMERA_NUMBER.fullmatch(capture):
        return None  # a file of that name is ./0
    text = as_path(capture)
    path = Path(text)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # not there, or no possible path: too long, a NUL in it
        if text.startswith("\\\\?\\"):
            return None  # a camera's own name in Windows
        if text.startswith("/dev/"):
            raise CaptureError(
                f"there is no device {display_name(text)}; it is not plugged in ({HOW_TO_LIST})"
            ) from None
        if path.is_absolute() or path.suffix.lower() in _FILE_SUFFIXES:
            idea = hint_for(text)
            hint = f"; for a stream write {without_password(idea)}" if idea is not None else ""
            raise CaptureError(f"there is no file {display_name(text)}{hint}") from None
        if (idea := hint_for(text)) is not None:
            # The password is the user's own line, but logs are shown around.
            raise CaptureError(
                f"{without_password(display_name(text))} is not a file or camera; "
                f"for a stream write {without_password(idea)}"
            ) from None
        return None
    return None if stat.S_ISCHR(mode) else path
