"""Keeps what was learned about a user between runs: the neutral face and the range of each expression."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Protocol

from protocol.atomic_file import write_atomically
from protocol.foreign_json import parse_object

logger = logging.getLogger(__name__)


class Profiled(Protocol):
    """What an engine offers."""

    def export_profile(self) -> dict[str, Any]: ...

    def import_profile(self, profile: dict[str, Any]) -> None: ...


def profile_path(name: str) -> Path:
    """Where profile `name` lies."""
    import platformdirs

    return Path(platformdirs.user_data_dir("facetracker", appauthor=False)) / "profiles" / f"{name}.json"


def load_profile(engine: Profiled, path: Path) -> None:
    """Begin with what `path` holds. A file that is not there is a first run; a damaged one costs a warning."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        logger.warning("cannot read the profile %s (%s); starting without it", path, error.strerror)
        return
    try:
        engine.import_profile(parse_object(data))
    except ValueError as error:
        logger.warning("the profile %s is damaged (%s); starting without it", path, error)


def save_profile(engine: Profiled, path: Path) -> None:
    """Write what was learned, whole or not at all. A full disk costs a warning."""
    try:
        text = json.dumps(engine.export_profile(), indent=1, allow_nan=False)
        write_atomically(path, text + "\n")
    except (OSError, ValueError) as error:  # ValueError: a value that is not finite would spoil the next run
        logger.warning("cannot write the profile %s: %s", path, getattr(error, "strerror", None) or error)
