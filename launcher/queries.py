"""Short runs of the tracker that print a list as JSON: cameras and formats."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.errors import LauncherError
from launcher.locate import find_tracker
from launcher.spawning import child_environment, creation_flags
from protocol.foreign_json import ForeignJsonError, parse_json

MAX_ANSWER_BYTES = 8 << 20
"""A list of cameras contains every mode of each."""


def ask_tracker(option: Sequence[str], what: str, program: Sequence[str] | None, limit_s: float) -> Any:
    """The JSON that the tracker prints for `option`. what: name of the list, for messages.

    Raises LauncherError when it cannot be started, takes too long, fails or prints something else.
    """
    command = [*(program or find_tracker()), *option]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            env=child_environment(),
            creationflags=creation_flags(),
            check=False,
        )
    except OSError as error:
        raise LauncherError(f"the tracker cannot be started ({error.strerror or error}): {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise LauncherError(f"listing the {what} took longer than {limit_s:g} seconds; a driver may hang") from error
    if answer.returncode != 0:
        last_line = answer.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise LauncherError(f"the {what} cannot be listed: {last_line or f'exit code {answer.returncode}'}")
    try:
        return parse_json(answer.stdout, max_bytes=MAX_ANSWER_BYTES)
    except ForeignJsonError as error:
        raise not_understood(what, error) from error


def not_understood(what: str, error: Exception) -> LauncherError:
    """The error for a list that is JSON but of another kind."""
    return LauncherError(f"the tracker's list of {what} is not understood: {error!r}")


CAMERAS_LIMIT_S = 30.0
"""Some Windows drivers need ten seconds to wake up."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A capture mode of a camera. format: such as MJPEG or YUY2; sizes in pixels, rates in frames per second."""

    format: str
    fourcc: str
    min_width: int
    min_height: int
    max_width: int
    max_height: int
    min_fps: float
    max_fps: float

    def __str__(self) -> str:
        size = f"{self.max_width}x{self.max_height}"
        return f"{size}, {self.max_fps:g} frames/s, {self.format}"


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    index: the value of ``-c``; it changes when cameras are plugged in. name: given by its maker. backend: the system
    interface it is opened through. stable_id: identifies the camera in its socket, if the system supports that.
    modes: empty if the system does not report them.
    """

    index: int
    name: str
    backend: str
    path: str
    stable_id: str
    modes: tuple[Mode, ...]

    @property
    def selector(self) -> str:
        """The value for `TrackerOptions.camera`, which finds this camera again as long as the system can."""
        return self.stable_id or str(self.index)


def list_cameras(program: Sequence[str] | None = None, limit_s: float = CAMERAS_LIMIT_S) -> tuple[Camera, ...]:
    """All cameras in the tracker's order. program: the command that starts the tracker; None = find it.

    Raises LauncherError when the tracker cannot list them.
    """
    answer = ask_tracker(["--list-cameras", "3"], "cameras", program, limit_s)
    try:
        return tuple(_camera(entry) for entry in answer)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise not_understood("cameras", error) from error


def _camera(entry: Mapping[str, Any]) -> Camera:
    return Camera(
        index=int(entry["index"]),
        name=str(entry["name"]),
        backend=str(entry["backend"]),
        path=str(entry.get("path") or ""),
        stable_id=str(entry.get("stable_id") or ""),
        modes=tuple(_mode(mode) for mode in entry.get("modes") or ()),
    )


def _mode(entry: Mapping[str, Any]) -> Mode:
    return Mode(
        format=str(entry["format"]),
        fourcc=str(entry.get("fourcc") or ""),
        min_width=int(entry["min_width"]),
        min_height=int(entry["min_height"]),
        max_width=int(entry["max_width"]),
        max_height=int(entry["max_height"]),
        min_fps=float(entry["min_fps"]),
        max_fps=float(entry["max_fps"]),
    )


FORMATS_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class FormatOption:
    """An option of a format. values: the allowed ones; empty for any text. default: empty for none."""

    name: str
    text: str
    default: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to send results.

    name: the value of `Receiver.format`. port: where receivers usually listen, or the tracker does with `listens`.
    receivers: programs that understand it. extra: the extra that must be installed for it, if any.
    """

    name: str
    title: str
    port: int
    transport: str
    listens: bool
    extra: str | None
    receivers: tuple[str, ...]
    switches: tuple[FormatOption, ...]


def list_formats(program: Sequence[str] | None = None, limit_s: float = FORMATS_LIMIT_S) -> tuple[Format, ...]:
    """All formats of the tracker. program: the command that starts it; None = find it.

    Raises LauncherError when the tracker cannot list them.
    """
    answer = ask_tracker(["--list-formats"], "formats", program, limit_s)
    try:
        return tuple(_format(entry) for entry in answer)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise not_understood("formats", error) from error


def _format(entry: Mapping[str, Any]) -> Format:
    return Format(
        name=str(entry["name"]),
        title=str(entry["title"]),
        port=int(entry["port"]),
        transport=str(entry.get("transport", "UDP")),
        listens=bool(entry.get("listens")),
        extra=None if entry.get("extra") is None else str(entry["extra"]),
        receivers=tuple(map(str, entry.get("receivers") or ())),
        switches=tuple(_switch(switch) for switch in entry.get("switches") or ()),
    )


def _switch(entry: Mapping[str, Any]) -> FormatOption:
    return FormatOption(
        name=str(entry["name"]),
        text=str(entry.get("text", "")),
        default=str(entry.get("default", "")),
        values=tuple(map(str, entry.get("values") or ())),
    )
