"""Stores a user's neutral face and the range of each expression between runs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Protocol

from protocol.atomic_file import kept_aside, write_atomically
from protocol.foreign_json import parse_object

logger = logging.getLogger(__name__)


class Profiled(Protocol):
    """An engine whose learned state can be stored."""

    def export_profile(self) -> dict[str, Any]: ...

    def import_profile(self, profile: dict[str, Any]) -> None: ...


def profile_path(name: str) -> Path:
    """The file of profile `name`."""
    import platformdirs

    return Path(platformdirs.user_data_dir("facetracker", appauthor=False)) / "profiles" / f"{name}.json"


def load_profile(engine: Profiled, path: Path) -> None:
    """Restore `engine` from `path`. A missing file means a first run.

    One that cannot be used costs a warning and is set aside: saving must not replace what another release, or the
    user, can still read.
    """
    try:
        engine.import_profile(parse_object(path.read_bytes()))
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.warning("cannot read the profile %s (%s); starting without it%s", path, error.strerror, kept_aside(path))
    except ValueError as error:
        logger.warning("the profile %s is damaged (%s); starting without it%s", path, error, kept_aside(path))


def save_profile(engine: Profiled, path: Path) -> None:
    """Write the learned state atomically. A full disk is reported as a warning."""
    try:
        text = json.dumps(engine.export_profile(), indent=1, allow_nan=False)
        write_atomically(path, text + "\n")
    except (OSError, ValueError) as error:  # ValueError: a value that is not finite would spoil the next run
        logger.warning("cannot write the profile %s: %s", path, getattr(error, "strerror", None) or error)
