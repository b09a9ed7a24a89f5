"""Writes a file whole or not at all, whoever else writes it at the same time and however full the disk is, and sets one
aside that cannot be read.

Every file that either program keeps for its user goes through here. This file needs nothing but Python.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from contextlib import suppress
from pathlib import Path

OURS_ALONE = 0o600
"""Profiles, tokens and addresses are nobody else's business: a camera's address may hold a password."""
_PREFIX, _SUFFIX = ".", ".tmp"


def write_atomically(path: Path, data: bytes | str, *, mode: int = OURS_ALONE, durable: bool = True) -> None:
    """Replace `path` by a file that holds `data` (text as UTF-8), readable by whom `mode` says.

    Folders on the way are made. The new file takes shape under a name of its own in the same folder, so that two
    writers never share one; it is removed again when anything fails, and what was there before stays. A symbolic link
    stays one: its target is replaced. durable: after a power failure the file is either the old or the new one.

    Raises OSError.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    place = Path(os.path.realpath(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(_SUFFIX, f"{_PREFIX}{place.stem[:40]}.", place.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        unfinished.replace(place)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    if durable:
        _sync_folder(place.parent)


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be used, so that the next `write_atomically` does not replace it. Returns its new name:
    ``me.json.damaged``, or ``me.json.damaged-2`` where there is one.

    Raises OSError.
    """
    place = Path(os.path.realpath(path))
    names = itertools.chain(("",), (f"-{number}" for number in itertools.count(2)))
    aside = next(
        name for suffix in names if not os.path.lexists(name := place.with_name(f"{place.name}.damaged{suffix}"))
    )
    return place.rename(aside)


def kept_aside(path: Path) -> str:
    """Set the file aside. Returns the end of the sentence that says so."""
    try:
        return f", and keeping it as {set_aside(path).name}"
    except OSError as error:
        return f"; it cannot be set aside either ({error.strerror})"


def _sync_folder(folder: Path) -> None:
    """Make the new name durable as well, where the system lets a folder be synced."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
