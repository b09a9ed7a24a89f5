"""What `manifest.json` says of each network, read into values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from protocol.foreign_json import (
    ForeignJsonError,
    field,
    integer,
    mapping,
    parse_object,
    printable,
    real,
    sequence,
    text,
)
from tracker.errors import ModelError

VERSION = 1
REINSTALL = "install facetracker again"


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """One network of the manifest.

    file: its name in the manifest's folder. sha256: of that file, in hexadecimal. input_shape: (N, H, W, 3).
    outputs: names in their order. threshold: the least mean confidence of a face, None where the network states none.
    """

    file: str
    sha256: str
    input_shape: tuple[int, int, int, int]
    outputs: tuple[str, ...]
    threshold: float | None = None


def read_manifest(file: Path) -> Mapping[str, NetworkEntry]:
    """The networks by name. Raises ModelError, which names `file`, for anything but a manifest of our version."""
    try:
        content = parse_object(file.read_bytes())
        version = integer(field(content, "version"))
        if version != VERSION:
            raise ModelError(f"{file} is of version {version}, this program reads {VERSION}")
        return {name: _entry(name, mapping(entry)) for name, entry in mapping(field(content, "networks")).items()}
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror or error}); {REINSTALL}") from error
    except ForeignJsonError as error:
        raise ModelError(f"{file} is damaged ({error}); {REINSTALL}") from error


def _entry(name: str, entry: Mapping[str, Any]) -> NetworkEntry:
    file = text(field(entry, "file"), 200)
    if PurePosixPath(file).name != file or "\\" in file:
        raise ForeignJsonError(f"{printable(file, 60)!r} is not a file name")
    sha256 = text(field(entry, "sha256"), 64)
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ForeignJsonError(f"the SHA-256 of {printable(name, 60)} is malformed")
    shape = [integer(size, 1, 1 << 16) for size in sequence(field(entry, "input"), 8)]
    if len(shape) != 4 or shape[3] != 3:
        raise ForeignJsonError(f"the input of {printable(name, 60)} is not (N, H, W, 3)")
    threshold = entry.get("threshold")
    return NetworkEntry(
        file,
        sha256,
        (shape[0], shape[1], shape[2], shape[3]),
        _names(field(entry, "outputs")),
        None if threshold is None else real(threshold, 0.0, 1.0),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(text(name, 100) for name in sequence(value, 100))
