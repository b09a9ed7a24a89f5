"""The settings of one run of the tracker, and the arguments they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from launcher.errors import UsageError

OPENSEEFACE = "osf"

OptionValue = bool | int | float | str
_OWN_FIELDS = {"capture": "camera", "target": "receivers"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the results, and how.

    host: a name or an address, IPv6 without brackets; port: 1 to 65535. format: a name of `list_formats`.
    switches: names and values of that format's options.

    Raises UsageError for an invalid host, port or format; whether the format has such options is for the tracker to
    check.
    """

    host: str = "127.0.0.1"
    port: int = 11573
    format: str = OPENSEEFACE
    switches: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise UsageError("a receiver's host is empty; give a name or an address such as 127.0.0.1")
        if not 1 <= self.port <= 65535:
            raise UsageError(f"a receiver's port must be between 1 and 65535, got {self.port}")
        if not re.fullmatch(r"[a-z0-9.+-]+", self.format):
            raise UsageError(f"{self.format!r} is not a format; 'facetracker --list-formats' lists them")

    def __str__(self) -> str:
        """What follows ``--target``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?{urlencode(self.switches)}" if self.switches else ""
        return f"{self.format}://{host}:{self.port}{query}"


@dataclass(frozen=True, slots=True, init=False)
class TrackerOptions:
    """What the tracker is started with.

    camera: a number, name, stable id, file, URL or ``demo``. receivers: empty means 127.0.0.1:11573.
    extra_args: further arguments, passed on unchanged. values: any other option of the tracker by its name, for
    instance ``model=0, scan_every=5``: the long flag with underscores, as `list_options` lists them. What is absent
    stays at the tracker's default.

    Raises UsageError for a value that cannot become an argument; its range is for the tracker to check.
    """

    camera: str
    receivers: tuple[Receiver, ...]
    extra_args: tuple[str, ...]
    values: Mapping[str, OptionValue]

    def __init__(
        self,
        camera: str = "0",
        *,
        receivers: Iterable[Receiver] = (),
        extra_args: Iterable[str] = (),
        **values: OptionValue | None,
    ) -> None:
        """values: None and the empty text leave an option at the tracker's default."""
        for name, value in values.items():
            if name in _OWN_FIELDS:
                raise UsageError(f"set {_OWN_FIELDS[name]!r} instead of {name!r}")
            if not (value is None or isinstance(value, bool | int | float | str)):
                raise UsageError(f"{name} cannot be {value!r}")
        assign = object.__setattr__
        assign(self, "camera", camera)
        assign(self, "receivers", tuple(receivers))
        assign(self, "extra_args", tuple(extra_args))
        assign(self, "values", {name: value for name, value in values.items() if value is not None and value != ""})

    def replace(self, **changes: Any) -> TrackerOptions:
        """A copy with `changes`, named as for the constructor; None unsets a value."""
        fields = {"camera": self.camera, "receivers": self.receivers, "extra_args": self.extra_args}
        return TrackerOptions(**{**fields, **self.values, **changes})

    def arguments(self) -> tuple[str, ...]:
        """The tracker's command line without its first word."""
        return tuple(self._arguments())

    def _arguments(self) -> Iterator[str]:
        # NAME=VALUE keeps a value that begins with a minus, or with anything else, from being taken for an option.
        yield f"--capture={self.camera}"
        yield from (argument(name, value) for name, value in self.values.items())
        for receiver in self.receivers:
            yield f"--target={receiver}"
        yield from self.extra_args


def argument(name: str, value: OptionValue) -> str:
    """The command line's word for an option of that name."""
    return f"--{name.replace('_', '-')}={int(value) if isinstance(value, bool) else value}"
