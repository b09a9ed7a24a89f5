"""Addresses at which we listen, for the formats where receivers come to us."""

from __future__ import annotations

import ipaddress
import logging
import socket

from tracker.errors import SettingsError
from tracker.output.resolver import Resolution
from tracker.output.target import Target

logger = logging.getLogger(__name__)


def listening_address(target: Target) -> Resolution:
    """Family and socket address to bind. Says so when other machines can connect. Raises OSError."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:  # a label that is empty or longer than 63 characters
        raise OSError(f"'{target.host}' is no host name") from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        logger.info("%s: other machines on this network can read it", target)
    return family, address


def cannot_listen(target: Target, error: OSError, advice: str = "") -> SettingsError:
    """What to tell the user. advice: what to do instead."""
    return SettingsError(f"cannot listen at {target} ({error.strerror or error}){advice and '; '}{advice}")
