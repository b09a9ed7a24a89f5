"""Converts between the page's form and the library's `TrackerOptions`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from launcher.errors import UsageError
from launcher.option_list import Option
from launcher.options import OPENSEEFACE, OptionValue, Receiver, TrackerOptions


def to_form(options: TrackerOptions) -> dict[str, Any]:
    """`options` as JSON values. `extra_args` are left out: the page has no field for them."""
    receivers = [
        {**dataclasses.asdict(receiver), "switches": dict(receiver.switches)} for receiver in options.receivers
    ]
    return {"camera": options.camera, "values": dict(options.values), "receivers": receivers}


def from_form(
    form: Mapping[str, Any], listed: Iterable[Option], previous: TrackerOptions | None = None
) -> TrackerOptions:
    """The options that `form` describes; what is missing, null or empty stays at the tracker's default.

    listed: the tracker's options. previous: what the form was filled with; its arguments and values that the form
    does not show are kept. Raises UsageError that names an invalid value.
    """
    previous = previous or TrackerOptions()
    camera = str(form.get("camera") or "").strip()
    if not camera:
        raise UsageError("choose a camera, a file, an address or the demo face")
    given = form.get("values") or {}
    if not isinstance(given, Mapping):
        raise UsageError("the form's values must be an object")
    values = dict(previous.values)
    for option in listed:
        if option.form is not None:
            values.pop(option.name, None)
            value = given.get(option.name)
            value = value.strip() if isinstance(value, str) else value
            if value is not None and value != "":
                values[option.name] = _checked(option, value)
    return TrackerOptions(
        camera,
        receivers=tuple(_receiver(row) for row in form.get("receivers") or ()),
        extra_args=previous.extra_args,
        **values,
    )


def _checked(option: Option, value: Any) -> OptionValue:
    """A page that sends numbers as text means numbers."""
    if isinstance(value, str) and option.type in ("integer", "number") and value not in option.words:
        try:
            value = float(value)
        except ValueError:
            raise UsageError(f"{option.title} must be a number, got {value!r}") from None
    return option.checked(value)


def _receiver(row: Any) -> Receiver:
    if not isinstance(row, Mapping):
        raise UsageError("a receiver has a host, a port and a format")
    host = str(row.get("host") or "").strip()
    switches = row.get("switches") or {}
    if not isinstance(switches, Mapping):
        raise UsageError("a receiver's options must be names and values")
    return Receiver(
        host,
        _port(host, row.get("port")),
        str(row.get("format") or OPENSEEFACE),
        tuple((str(name), str(value)) for name, value in switches.items() if str(value).strip()),
    )


def _port(host: str, value: Any) -> int:
    try:
        port = float(value)
    except (TypeError, ValueError):
        port = 0.0
    if not (1 <= port <= 65535 and port == int(port)):
        raise UsageError(f"the receiver at {host or 'an empty host'} needs a port between 1 and 65535, got {value!r}")
    return int(port)
