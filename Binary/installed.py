"""Checks that an interpreter holds the packages that a build is made of: `python installed.py LIST...`.

Run by that interpreter. Prints what differs, in one line, and ends with 1; needs packaging, which is listed.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement


def differences(lines: list[str]) -> list[str]:
    """What is missing or has another version, of the requirements whose markers hold here."""
    found = []
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            present = version(wanted.name)
        except PackageNotFoundError:
            found.append(f"{wanted.name} is missing")
            continue
        if not wanted.specifier.contains(present, prereleases=True):
            found.append(f"{wanted.name} is {present}, not {str(wanted.specifier).lstrip('=')}")
    return found


def main(*lists: str) -> int:
    found = differences([line for name in lists for line in Path(name).read_text(encoding="utf-8").splitlines()])
    print("; ".join(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
