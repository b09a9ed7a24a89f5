"""Errors about files the user asked for that cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import FacetrackerError, SettingsError
from tracker.opencv_path import display_name


@contextmanager
def write_errors_as(kind: type[FacetrackerError], what: str, path: Path) -> Iterator[None]:
    """Convert system errors in the block to a `kind` that says what could not be written where."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or error
        raise kind(f"cannot write {what} {display_name(path)}: {reason}") from error


def check_writable(path: Path, what: str) -> None:
    """Create or empty `path`. Raises SettingsError where that is not possible."""
    with write_errors_as(SettingsError, what, path):
        path.open("wb").close()
