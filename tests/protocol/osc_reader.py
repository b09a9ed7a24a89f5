"""Reads OSC bundles with python-osc, an implementation that shares nothing with ours."""

from __future__ import annotations

from typing import Any

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_packet import OscPacket

Message = tuple[str, list[Any]]


def read_bundle(data: bytes) -> list[Message]:
    """Addresses and arguments in the order in which python-osc's server hands them out."""
    assert OscBundle.dgram_is_bundle(data)
    return [(timed.message.address, list(timed.message.params)) for timed in OscPacket(data).messages]


def by_name(messages: list[Message], address: str) -> dict[str, list[Any]]:
    """The messages of one address by their first argument."""
    return {params[0]: params[1:] for where, params in messages if where == address}
