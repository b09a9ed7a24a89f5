"""Short runs of the tracker that print a list and end."""

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
"""A list of cameras names every mode of each."""


def ask_tracker(option: Sequence[str], what: str, program: Sequence[str] | None, limit_s: float) -> Any:
    """The JSON that the tracker prints for `option`. what: is listed, for messages.

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
        said = answer.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise LauncherError(f"the {what} cannot be listed: {said or f'exit code {answer.returncode}'}")
    try:
        return parse_json(answer.stdout, max_bytes=MAX_ANSWER_BYTES)
    except ForeignJsonError as error:
        raise not_understood(what, error) from error


def not_understood(what: str, error: Exception) -> LauncherError:
    """What to raise when the list is JSON but not the expected one."""
    return LauncherError(f"the tracker's list of {what} is not understood: {error!r}")


LIMIT_S = 30.0
"""How long listing may take: some Windows drivers need ten seconds to wake."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What a camera can deliver. format: MJPEG, YUY2 and the like; sizes in pixels, rates in frames per second."""

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

    index: what ``-c`` takes; it changes when cameras are plugged in. name: what its maker calls it. backend: the
    part of the system it is opened through. stable_id: the same for the same camera in the same socket, where the
    system knows it. modes: empty where the system does not tell.
    """

    index: int
    name: str
    backend: str
    path: str
    stable_id: str
    modes: tuple[Mode, ...]

    @property
    def selector(self) -> str:
        """What to put into `TrackerOptions.camera`: it finds this camera again, wherever it is plugged in."""
        return self.stable_id or str(self.index)


def list_cameras(program: Sequence[str] | None = None, limit_s: float = LIMIT_S) -> tuple[Camera, ...]:
    """All cameras in the tracker's order. program: what starts the tracker; None = look for it.

    Raises LauncherError when the tracker cannot be asked.
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


LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class FormatOption:
    """A setting of a format. values: what is allowed; empty for any text. default: empty for none."""

    name: str
    text: str
    default: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to send results.

    name: what `Receiver.format` takes. port: where receivers usually listen, or where the tracker does with `listens`.
    receivers: programs that understand it. extra: what has to be installed for it, if anything.
    """

    name: str
    title: str
    port: int
    transport: str
    listens: bool
    extra: str | None
    receivers: tuple[str, ...]
    switches: tuple[FormatOption, ...]


def list_formats(program: Sequence[str] | None = None, limit_s: float = LIMIT_S) -> tuple[Format, ...]:
    """All formats of the tracker. program: what starts it; None = look for it.

    Raises LauncherError when the tracker cannot be asked.
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
