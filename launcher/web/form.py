"""The page's form and the library's `TrackerOptions`, each turned into the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from launcher.errors import UsageError
from launcher.options import OPENSEEFACE, Receiver, TrackerOptions

_WHOLE = {"width": (1, 16384), "height": (1, 16384), "fps": (0, 1000), "model": (-3, 4), "faces": (1, 36)}
_SWITCHES = ("mirror", "gaze")
_TEXTS = ("camera", "dformat", "profile")


def to_form(options: TrackerOptions) -> dict[str, Any]:
    """`options` as plain values for JSON, under their own names. `extra` stays behind: the page has no field for it."""
    form = dataclasses.asdict(options)
    del form["extra"]
    form["receivers"] = [
        {**dataclasses.asdict(receiver), "switches": dict(receiver.switches)} for receiver in options.receivers
    ]
    return form


def from_form(form: Mapping[str, Any], extra: tuple[str, ...] = ()) -> TrackerOptions:
    """The options that `form` describes; what is missing, null or empty is left to the tracker.

    extra: arguments that the form does not show, passed on. Raises UsageError that says which value cannot be.
    """
    values: dict[str, Any] = {"extra": extra}
    for name, (lowest, highest) in _WHOLE.items():
        values[name] = _whole(name, form.get(name), lowest, highest)
    values["smoothing"] = _number("smoothing", form.get("smoothing"), 0.0, 100.0)
    for name in _SWITCHES:
        if isinstance(form.get(name), bool):
            values[name] = form[name]
    for name in _TEXTS:
        if text := str(form.get(name) or "").strip():
            values[name] = text
    if "camera" not in values:
        raise UsageError("choose a camera, a file, an address or the demo face")
    values["receivers"] = tuple(_receiver(row) for row in form.get("receivers") or ())
    return TrackerOptions(**values)


def _receiver(row: Any) -> Receiver:
    if not isinstance(row, Mapping):
        raise UsageError("a receiver has a host, a port and a format")
    host = str(row.get("host") or "").strip()
    port = _whole("port", row.get("port"), 1, 65535)
    if port is None:
        raise UsageError(f"the receiver at {host or 'an empty host'} needs a port, which is 1 to 65535")
    switches = row.get("switches") or {}
    if not isinstance(switches, Mapping):
        raise UsageError("a receiver's own settings are names and values")
    return Receiver(
        host,
        port,
        str(row.get("format") or OPENSEEFACE),
        tuple((str(name), str(value)) for name, value in switches.items() if str(value).strip()),
    )


def _whole(name: str, value: Any, lowest: int, highest: int) -> int | None:
    number = _number(name, value, lowest, highest)
    if number is None:
        return None
    if number != int(number):
        raise UsageError(f"{name} must be a whole number, not {value}")
    return int(number)


def _number(name: str, value: Any, lowest: float, highest: float) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UsageError(f"{name} must be a number, not {value!r}") from None
    if not lowest <= number <= highest:
        raise UsageError(f"{name} must be {lowest:g} to {highest:g}, not {value}")
    return number
