"""Keeps taught expressions between runs, and learns from new recordings, in a thread that tracking never waits for."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

from protocol.atomic_file import kept_aside, write_atomically
from protocol.foreign_json import parse_object
from tracker.errors import ModelError
from tracker.face.taught.library import TaughtExpressions

logger = logging.getLogger(__name__)

WITHOUT_PROFILE = "default"
"""The name under which expressions are kept when there is no ``--profile``."""
MAX_BYTES = 1 << 24
"""Of the file: thirty-two expressions of a minute each have four million."""
CLOSE_LIMIT_S = 2.0


def taught_path(profile: str | None) -> Path:
    """The file of the expressions taught under `profile`."""
    import platformdirs

    folder = Path(platformdirs.user_data_dir("facetracker", appauthor=False)) / "expressions"
    return folder / f"{profile or WITHOUT_PROFILE}.json"


def load_taught(taught: TaughtExpressions, path: Path) -> None:
    """Restore `taught` from `path`. A missing file means a first run; one that cannot be used is set aside."""
    try:
        taught.restore(parse_object(path.read_bytes(), max_bytes=MAX_BYTES))
    except FileNotFoundError:
        pass
    except OSError as error:
        what = "cannot read the expressions in %s (%s); starting without them%s"
        logger.warning(what, path, error.strerror, kept_aside(path))
    except ValueError as error:
        what = "the expressions in %s are damaged (%s); starting without them%s"
        logger.warning(what, path, error, kept_aside(path))


def save_taught(taught: TaughtExpressions, path: Path) -> None:
    """Write everything atomically. A full disk is reported as a warning."""
    try:
        write_atomically(path, json.dumps(taught.export(), ensure_ascii=False, allow_nan=False) + "\n")
    except (OSError, ValueError) as error:
        logger.warning("cannot write the expressions to %s: %s", path, getattr(error, "strerror", None) or error)


class TaughtKeeper:
    """Trains after each recording, also what an earlier run had no time for, and writes what changed.

    path: None keeps nothing.
    """

    def __init__(self, taught: TaughtExpressions, path: Path | None) -> None:
        self._taught, self._path = taught, path
        self._changed = threading.Event()
        self._recorded = self._unsaved = self._closing = False
        taught.on_recorded = self.recorded
        self._thread = threading.Thread(target=self._run, name="expressions", daemon=True)
        self._thread.start()
        if taught.is_behind:
            self.recorded()

    def recorded(self) -> None:
        """There are new samples: learn from them and keep them. Returns at once."""
        self._recorded = self._unsaved = True
        self._changed.set()

    def changed(self) -> None:
        """There is something to keep. Returns at once."""
        self._unsaved = True
        self._changed.set()

    def close(self) -> None:
        """End a recording that goes on and keep everything. Safe to call twice."""
        if self._taught.stop() is not None:
            self.recorded()
        self._closing = True
        self._changed.set()
        self._thread.join(CLOSE_LIMIT_S)
        if self._thread.is_alive():
            logger.warning("there was no time to learn from the last recording: the next start makes up for it")

    def _run(self) -> None:
        closing = False
        while not closing:
            self._changed.wait()
            self._changed.clear()
            closing, recorded, self._recorded = self._closing, self._recorded, False
            unsaved, self._unsaved = self._unsaved, False
            if unsaved:
                self._save()
            if recorded and self._learn():
                self._save()

    def _save(self) -> None:
        if self._path is not None:
            save_taught(self._taught, self._path)

    def _learn(self) -> bool:
        """Returns whether there is something new to keep."""
        try:
            report = self._taught.train()
        except ValueError as error:  # one expression alone: nothing to tell apart yet
            logger.info("%s", error)
            return False
        except ModelError as error:
            logger.error("%s", error)
            return False
        logger.info("expressions learnt: %s", ", ".join(f"{k} {100 * v:.0f} %" for k, v in report.recall.items()))
        return True
