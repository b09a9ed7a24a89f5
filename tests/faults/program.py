"""Starts the program as its users do, with any bytes as arguments."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "facetracker.py")]
QUIET = ["-p", "29990", "--model", "-3"]
"""A receiver that nobody is, and the cheapest networks."""
LIMIT_S = 120.0


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()

    def assert_clean(self, code: int = 0) -> None:
        """The expected exit code and no traceback."""
        assert self.code == code, (self.code, self.out[-2000:], self.err[-2000:])
        assert "Traceback" not in self.out + self.err, self.err


def run(*arguments: str | bytes, environment: Mapping[str, str] | None = None, limit_s: float = LIMIT_S) -> Ended:
    """Run to the end, with standard input closed. environment: added to this process's."""
    done = subprocess.run(
        [*map(os.fsencode, PROGRAM), *map(os.fsencode, arguments), *map(os.fsencode, QUIET)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=limit_s,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def rows(path: Path | bytes) -> list[dict[str, str]]:
    """The rows of a data log."""
    with Path(os.fsdecode(path)).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
