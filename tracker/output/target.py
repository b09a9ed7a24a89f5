"""Targets: where results are sent and in which format, written ``FORMAT://HOST:PORT?option=value``."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from tracker.errors import SettingsError
from tracker.output.formats.table import FORMATS, FPS, OPENSEEFACE, Format

_SCHEME_END = "://"


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver; for a format that listens, the address to listen at.

    host: a name, or an address without brackets. port: 1 to 65535. format: a key of `table.FORMATS`.
    options: names and values as given, sorted by name.

    Raises SettingsError for an empty host or an invalid port.
    """

    host: str
    port: int
    format: str = OPENSEEFACE
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.host or self.host.isspace():
            raise SettingsError("the host is empty; give a name or an address such as 127.0.0.1")
        if not 1 <= self.port <= 65535:
            raise SettingsError(f"{self.port} is not a valid port (1 to 65535)")

    def __str__(self) -> str:
        place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        if self.format == OPENSEEFACE and not self.options:
            return place
        query = "?" + urlencode(self.options, safe="/:\\,") if self.options else ""
        return f"{self.format}{_SCHEME_END}{place}{query}"

    @property
    def is_address(self) -> bool:
        """Whether the host is an address, so that resolving it takes no time."""
        try:
            ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return False
        return True

    @property
    def fps(self) -> float | None:
        """Maximum number of frames per second; None without a limit."""
        text = self.value(FPS)
        return float(text) if text else None

    def value(self, name: str) -> str:
        """The value of one of the format's options: as given, else the default."""
        for given, value in self.options:
            if given == name:
                return value
        option = FORMATS[self.format].option(name)
        return option.default if option is not None else ""


def parse_target(text: str) -> Target:
    """Parse ``FORMAT://HOST[:PORT][?option=value&...]``, or ``HOST:PORT`` for OpenSeeFace. IPv6 hosts are in brackets.

    Raises SettingsError for anything else.
    """
    stripped = text.strip()
    name, separator, rest = stripped.partition(_SCHEME_END)
    if not separator:
        host, port = _place(text, stripped, None)
        return Target(host, port)
    format = FORMATS.get(name.lower())
    if format is None:
        raise SettingsError(f"target '{text}': unknown format '{name}'; must be one of {', '.join(FORMATS)}")
    place, _, query = rest.partition("?")
    host, port = _place(text, place.removesuffix("/"), format.port)
    return Target(host, port, format.name, _parse_options(text, format, query))


def _place(text: str, place: str, default_port: int | None) -> tuple[str, int]:
    """Host and port of `place`, the address part of `text`."""
    host, colon, port = place.rpartition(":")
    if default_port is not None and (not colon or port.endswith("]")):
        host, port = place, str(default_port)
    elif not colon:
        raise SettingsError(f"target '{text}' has no port; write HOST:PORT, for example 127.0.0.1:11573")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise SettingsError(f"target '{text}': write IPv6 addresses in brackets, for example [::1]:11573")
    if "/" in host or "#" in host:
        raise SettingsError(f"target '{text}': '{host}' is not a host name")
    if not host.strip():
        raise SettingsError(f"target '{text}': the host is empty; give a name or an address such as 127.0.0.1")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise SettingsError(f"target '{text}': '{port}' is not a port number (1 to 65535)")
    return host, int(port)


def _parse_options(text: str, format: Format, query: str) -> tuple[tuple[str, str], ...]:
    known = ", ".join(option.name for option in format.options)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise SettingsError(f"target '{text}': options must be written as ?name=value&name=value") from None
    given: dict[str, str] = {}
    for name, value in pairs:
        option = format.option(name)
        if option is None:
            raise SettingsError(f"target '{text}': {format.name} has no option '{name}'; its options are {known}")
        if option.choices and value not in option.choices:
            raise SettingsError(f"target '{text}': {name} must be one of {', '.join(option.choices)}, got '{value}'")
        if not value:
            raise SettingsError(f"target '{text}': {name} is empty")
        if name == FPS:
            _check_fps(text, value)
        given[name] = value
    return tuple(sorted(given.items()))


def _check_fps(text: str, value: str) -> None:
    try:
        fps = float(value)
    except ValueError:
        fps = math.nan
    if not 0.0 < fps <= 1000.0:
        raise SettingsError(f"target '{text}': fps must be above 0 and at most 1000, got '{value}'")
