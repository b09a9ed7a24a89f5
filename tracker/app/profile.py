"""Keeps what was learned about a user between runs: the neutral face and the range of each expression."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Protocol

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
        profile = json.loads(data)
        if not isinstance(profile, dict):
            raise ValueError("not an object")
        engine.import_profile(profile)
    except ValueError as error:
        logger.warning("the profile %s is damaged (%s); starting without it", path, error)


def save_profile(engine: Profiled, path: Path) -> None:
    """Write what was learned, whole or not at all. A full disk costs a warning."""
    unfinished = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(engine.export_profile(), indent=1), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        logger.warning("cannot write the profile %s: %s", path, error.strerror)
