"""Checks the files that a run will write: each is writable, and none is the same as another one or the input."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker.errors import SettingsError
from tracker.opencv_path import display_name

_Identity = tuple[int, int]


def check_output_files(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path] | None = None) -> None:
    """Raises SettingsError for the first of `outputs` that cannot be written, or that would destroy another file.

    outputs: by option; None = not written. inputs: files that are read, with a description as key. Files are compared
    by identity, so links, ``..`` and letter case make no difference. Devices and pipes may be shared.
    """
    taken: dict[_Identity, str] = {}
    for what, path in (inputs or {}).items():
        with suppress(OSError, ValueError):
            if (identity := _identity(path.stat())) is not None:
                taken[identity] = what
    with _all_open(outputs) as identities:
        for option, identity in identities.items():
            if identity is None:
                continue
            if identity in taken:
                name = display_name(outputs[option] or "")
                raise SettingsError(f"argument {option}: {name} is {taken[identity]} as well; choose another file")
            taken[identity] = f"the file of {option}"


@contextmanager
def _all_open(outputs: Mapping[str, Path | None]) -> Iterator[dict[str, _Identity | None]]:
    """Within the block every file exists and thus has an identity. New files are removed afterwards."""
    made: list[Path] = []
    try:
        identities: dict[str, _Identity | None] = {}
        for option, path in outputs.items():
            if path is None:
                continue
            is_new = not path.exists()
            identities[option] = _probe(option, path)
            if is_new and identities[option] is not None:
                made.append(Path(os.path.realpath(path)))  # a dangling link stays one
        yield identities
    finally:
        for path in made:
            with suppress(OSError):
                path.unlink()


def _probe(option: str, path: Path) -> _Identity | None:
    """Probe by opening: permissions, read-only disks and illegal names cannot be detected otherwise."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            if not os.access(path, os.W_OK):
                raise PermissionError(0, "Permission denied")
            return None  # opening a pipe would wait for its reader
        with path.open("ab") as file:
            return _identity(os.fstat(file.fileno()))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SettingsError(f"argument {option}: cannot write {display_name(path)}: {reason}") from error


def _identity(status: os.stat_result) -> _Identity | None:
    """The same for all names of a file; None for a device or pipe."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
