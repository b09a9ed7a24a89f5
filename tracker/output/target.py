"""Where records are sent: a host and a port, as the user writes them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from tracker.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver. host: a name or an address without brackets; port: 1 to 65535.

    Raises SettingsError for an empty host or a port that does not exist.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        if not self.host or self.host.isspace():
            raise SettingsError("the receiver's host is empty: give a name or an address such as 127.0.0.1")
        if not 1 <= self.port <= 65535:
            raise SettingsError(f"port {self.port} does not exist: give one from 1 to 65535")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_address(self) -> bool:
        """Whether the host is written as an address, so that looking it up cannot take time."""
        try:
            ipaddress.ip_address(self.host.partition("%")[0])
        except ValueError:
            return False
        return True


def parse_target(text: str) -> Target:
    """``HOST:PORT`` or ``[IPV6]:PORT``. Raises SettingsError for anything else."""
    host, colon, port = text.strip().rpartition(":")
    if not colon:
        raise SettingsError(f"target '{text}' has no port: write HOST:PORT, for instance 127.0.0.1:11573")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise SettingsError(f"target '{text}': write an IPv6 address in brackets, for instance [::1]:11573")
    if not (port.isascii() and port.isdigit()):
        raise SettingsError(f"target '{text}': '{port}' is no port number, which is 1 to 65535")
    return Target(host, int(port))
