"""What the user has agreed to run: arguments of profiles that the form has no field for.

A profile may come from somebody else, and the tracker can be told to write files. The list lies beside the profiles,
not in them, so that a copied profile cannot bring its own approval.
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
    """Lists of arguments that the user agreed to, kept between runs. path: of the file; None = beside the profiles."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._added: list[str] = []

    def covers(self, arguments: Sequence[str]) -> bool:
        """Whether the user agreed to exactly these; nobody needs to for none."""
        return not arguments or _digest(arguments) in self._read()

    def add(self, arguments: Sequence[str]) -> None:
        """The user agrees to these. Where that cannot be kept, it holds for this run."""
        known = self._read()
        digest = _digest(arguments)
        if not arguments or digest in known:
            return
        self._added.append(digest)
        content = {"version": VERSION, "approved": [*known, digest][-_MAX_KEPT:]}
        try:
            write_atomically(self._place(), json.dumps(content, indent=2) + "\n")
        except OSError as error:
            logger.warning("the approved arguments cannot be kept: %s", error)

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
    """Of a list, so that one argument with a space is not two."""
    return hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()
