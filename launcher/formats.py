"""What a receiver can be sent, as the tracker tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.asking import ask_tracker, not_understood

LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Switch:
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
    switches: tuple[Switch, ...]


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


def _switch(entry: Mapping[str, Any]) -> Switch:
    return Switch(
        name=str(entry["name"]),
        text=str(entry.get("text", "")),
        default=str(entry.get("default", "")),
        values=tuple(map(str, entry.get("values") or ())),
    )
