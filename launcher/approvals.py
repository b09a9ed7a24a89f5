"""Arguments of profiles that the user has approved, because the form has no field that shows them.

A profile may come from someone else, and some arguments make the tracker write files. Approvals are stored next to the
profiles, not in them, so that a copied profile cannot contain its own approval.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from launcher.profiles import profiles_folder
from protocol.atomic_file import write_atomically
from protocol.foreign_json import ForeignJsonError, parse_object, sequence, text

logger = logging.getLogger(__name__)

VERSION = 1
_MAX_KEPT = 200


class Approvals:
    """Approved lists of arguments, kept between runs. path: of the file; None = next to the profiles."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._added: list[str] = []

    def covers(self, arguments: Sequence[str]) -> bool:
        """Whether the user approved exactly these. No arguments need no approval."""
        return not arguments or _digest(arguments) in self._read()

    def add(self, arguments: Sequence[str]) -> None:
        """Approve these. If that cannot be stored, it holds for this run."""
        known = self._read()
        digest = _digest(arguments)
        if not arguments or digest in known:
            return
        self._added.append(digest)
        content = {"version": VERSION, "approved": [*known, digest][-_MAX_KEPT:]}
        try:
            write_atomically(self._place(), json.dumps(content, indent=2) + "\n")
        except OSError as error:
            logger.warning("the approval cannot be stored: %s", error)

    def _place(self) -> Path:
        return self._path or profiles_folder().with_name("approved-arguments.json")

    def _read(self) -> list[str]:
        try:
            content = parse_object(self._place().read_bytes())
            kept = [text(digest) for digest in sequence(content.get("approved"))]
        except (OSError, ForeignJsonError):
            kept = []
        return [*kept, *self._added]


def _digest(arguments: Sequence[str]) -> str:
    """Of the list as JSON, so that one argument with a space differs from two."""
    return hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()
