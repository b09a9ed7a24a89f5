"""Converts between the page's form and the library's `TrackerOptions`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from launcher.errors import UsageError
from launcher.option_list import Option
from launcher.options import OPENSEEFACE, OptionValue, Receiver, TrackerOptions
from protocol.foreign_json import printable

MAX_TEXT = 4096
MAX_ROWS = 64


def to_form(options: TrackerOptions) -> dict[str, Any]:
    """`options` as JSON values. The page shows values without a field among the arguments in `extra`."""
    receivers = [
        {**dataclasses.asdict(receiver), "switches": dict(receiver.switches)} for receiver in options.receivers
    ]
    return {
        "camera": options.camera,
        "values": dict(options.values),
        "receivers": receivers,
        "extra": list(options.extra_args),
    }


def from_form(form: object, listed: Iterable[Option]) -> TrackerOptions:
    """The options that `form` describes; what is missing, null or empty stays at the tracker's default.

    Only values with a field are accepted; others must be arguments in `extra`, which the page shows. listed: the
    tracker's options. Raises UsageError that names an invalid value.
    """
    if not isinstance(form, Mapping):
        raise UsageError("settings must be an object of names and values")
    camera = path_as_meant(_text("the camera", form.get("camera")).strip())
    if not camera:
        raise UsageError("choose a camera, a file, an address or the demo face")
    given = form.get("values") or {}
    if not isinstance(given, Mapping):
        raise UsageError("the form's values must be an object")
    values: dict[str, OptionValue] = {}
    for option in listed:
        if option.form is not None:
            value = given.get(option.name)
            value = _text(option.title, value).strip() if isinstance(value, str) else value
            if value is not None and value != "":
                values[option.name] = _checked(option, value)
    return TrackerOptions(
        camera,
        receivers=[_receiver(row) for row in _list("the receivers", form.get("receivers"))],
        extra_args=[_text("an argument", word) for word in _list("the further arguments", form.get("extra"))],
        **values,
    )


def path_as_meant(text: str) -> str:
    """A path without the quotes that file managers add, and with ``~`` expanded."""
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if text.startswith("~"):
        with suppress(RuntimeError):  # no such user
            return str(Path(text).expanduser())
    return text


def _text(what: str, value: object) -> str:
    """`value`, which must be a text that an argument can hold; empty for None."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a text, got {printable(repr(value), 40)}")
    if len(value) > MAX_TEXT or any(ord(character) < 32 for character in value):
        raise UsageError(f"{what} must be one line of at most {MAX_TEXT} characters")
    return value


def _list(what: str, value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        raise UsageError(f"{what} must be a list of at most {MAX_ROWS}")
    return value


def _checked(option: Option, value: Any) -> OptionValue:
    """The value of a field; a number may be sent as text."""
    if isinstance(value, str) and option.type in ("integer", "number") and value not in option.words:
        try:
            value = float(value)
        except ValueError:
            raise UsageError(f"{option.title} must be a number, got {value!r}") from None
    return option.checked(value)


def _receiver(row: Any) -> Receiver:
    if not isinstance(row, Mapping):
        raise UsageError("a receiver must have a host, a port and a format")
    host = _text("a receiver's host", row.get("host")).strip()
    switches = row.get("switches") or {}
    if not isinstance(switches, Mapping):
        raise UsageError("a receiver's options must be names and values")
    given = {str(name): path_as_meant(_text(str(name), value).strip()) for name, value in switches.items()}
    return Receiver(
        host,
        _port(host, row.get("port")),
        _text("a receiver's format", row.get("format")) or OPENSEEFACE,
        tuple((name, value) for name, value in given.items() if value),
    )


def _port(host: str, value: Any) -> int:
    try:
        port = float(value)
    except (TypeError, ValueError):
        port = 0.0
    if not (1 <= port <= 65535 and port == int(port)):
        raise UsageError(f"the receiver at {host or 'an empty host'} needs a port between 1 and 65535, got {value!r}")
    return int(port)
