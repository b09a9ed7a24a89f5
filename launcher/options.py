"""The settings of one run of the tracker, and the arguments they become."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from launcher.errors import UsageError

OPENSEEFACE = "osf"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the results, and how.

    host: a name or an address, IPv6 without brackets; port: 1 to 65535. format: a name of `list_formats`.
    switches: names and values of that format's settings.

    Raises UsageError for what cannot be one; whether the format has such switches is for the tracker to say.
    """

    host: str = "127.0.0.1"
    port: int = 11573
    format: str = OPENSEEFACE
    switches: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise UsageError("a receiver's host is empty; give a name or an address such as 127.0.0.1")
        if not 1 <= self.port <= 65535:
            raise UsageError(f"a receiver's port is 1 to 65535, not {self.port}")
        if not re.fullmatch(r"[a-z0-9.+-]+", self.format):
            raise UsageError(f"{self.format!r} is no format; 'facetracker --list-formats' tells them")

    def __str__(self) -> str:
        """What follows ``--target``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?{urlencode(self.switches)}" if self.switches else ""
        return f"{self.format}://{host}:{self.port}{query}"


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """What the tracker is started with. None leaves a setting at the tracker's own default.

    camera: a number, name, stable id, file, URL or ``demo``. width, height, fps, dformat: asked of the camera.
    model: -3 (fastest) to 4. faces: how many at most. smoothing: 0 off, 1 normal. mirror: flip the picture.
    gaze: whether to look for the pupils. receivers: empty means 127.0.0.1:11573.
    profile: name under which the tracker keeps your neutral face. extra: further arguments, passed on as they are.
    """

    camera: str = "0"
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    dformat: str | None = None
    model: int | None = None
    faces: int | None = None
    smoothing: float | None = None
    mirror: bool = False
    gaze: bool = True
    receivers: tuple[Receiver, ...] = ()
    profile: str | None = None
    extra: tuple[str, ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """The tracker's command line without its first word."""
        return tuple(self._arguments())

    def _arguments(self) -> Iterator[str]:
        # NAME=VALUE keeps a value that begins with a minus, or with anything else, from being taken for an option.
        yield f"--capture={self.camera}"
        for name, value in (
            ("width", self.width),
            ("height", self.height),
            ("fps", self.fps),
            ("dformat", self.dformat),
            ("model", self.model),
            ("faces", self.faces),
            ("smoothing", self.smoothing),
            ("profile", self.profile),
        ):
            if value is not None and value != "":
                yield f"--{name}={value}"
        if self.mirror:
            yield "--mirror-input"
        if not self.gaze:
            yield "--gaze-tracking=0"
        for receiver in self.receivers:
            yield f"--target={receiver}"
        yield from self.extra
