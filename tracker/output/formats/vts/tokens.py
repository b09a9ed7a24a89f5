"""Stores permissions granted by receivers, readable by the user only."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

from protocol.atomic_file import write_atomically
from protocol.foreign_json import ForeignJsonError, parse_object

logger = logging.getLogger(__name__)

_changing = threading.Lock()  # senders to two VTube Studios change one file


def default_path() -> Path:
    """The file for tokens."""
    import platformdirs

    return Path(platformdirs.user_data_dir("facetracker", appauthor=False)) / "vtubestudio-tokens.json"


class Tokens:
    """Tokens by the receiver's address, in a file that several senders may share.

    A file that cannot be read or written costs a warning: then the user is asked anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was_unreadable = False

    def get(self, place: str) -> str | None:
        """The token for `place`."""
        return self._load().get(place)

    def put(self, place: str, token: str | None) -> None:
        """Keep `token` for `place`; None forgets it."""
        with _changing:
            kept = self._load()
            kept.pop(place, None)
            if token is not None:
                kept[place] = token
            try:
                self._write(kept)
            except OSError as error:
                reason = error.strerror or error
                logger.warning("cannot keep VTube Studio's permission in %s (%s)", self._path, reason)

    def _write(self, kept: dict[str, str]) -> None:
        write_atomically(self._path, json.dumps(kept))

    def _load(self) -> dict[str, str]:
        try:
            kept = parse_object(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ForeignJsonError) as error:
            if not self._was_unreadable:
                self._was_unreadable = True
                logger.warning("cannot read %s (%s); VTube Studio will ask you again", self._path, error)
            return {}
        return {place: token for place, token in kept.items() if isinstance(token, str)}
