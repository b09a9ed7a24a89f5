"""Tries a frozen bundle as its user gets it: unpacked somewhere else, started with next to no environment.

Usage: python smoke.py ARCHIVE. Needs NumPy and this checkout, whose `protocol` reads what the bundle sends.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path

from contents import ROOT, version

FRAMES = 100
LIMIT_S = 120.0
NEEDED_ON_WINDOWS = ("SYSTEMROOT", "WINDIR", "TEMP")
"""Without these Windows itself cannot open a socket."""


def main(archive: str) -> int:
    with tempfile.TemporaryDirectory(prefix="facetracker-") as base:
        folder = Path(base) / "Käse & Gesicht"
        unpack(Path(archive), folder)
        program = folder / "facetracker" / ("facetracker.exe" if sys.platform == "win32" else "facetracker")
        said = run(program, "--version")
        assert said.strip() == f"facetracker {version()}", said
        cameras = json.loads(run(program, "--list-cameras", "3"))
        assert run(program, "--list-cameras", "1").splitlines()[0] == "Available cameras:"
        records = track(program)
    print(f"{said.strip()}: {len(cameras)} cameras, {records} records of the demo face decoded")
    return 0


def unpack(archive: Path, folder: Path) -> None:
    """Into `folder`, which is made."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")


def run(program: Path, *arguments: str) -> str:
    """Standard output of a run that must succeed and complain about nothing."""
    done = subprocess.run([program, *arguments], capture_output=True, timeout=LIMIT_S, env=environment())
    assert (done.returncode, done.stderr) == (0, b""), f"{arguments}: {done.returncode} {done.stderr.decode()}"
    return done.stdout.decode("utf-8")


def track(program: Path) -> int:
    """How many records came while the program tracked the demo face; every frame must send a good one."""
    sys.path.insert(0, str(ROOT))
    from protocol import openseeface

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(LIMIT_S)
        port = str(listening.getsockname()[1])
        arguments = ("--capture", "demo", "--frames", str(FRAMES), "--port", port, "--silent", "1")
        with subprocess.Popen([program, *arguments], env=environment()) as process:
            try:
                records = [record for _ in range(FRAMES) for record in openseeface.decode(listening.recv(65535))]
                assert process.wait(LIMIT_S) == 0
            finally:
                process.kill()
    assert all(earlier.time < later.time for earlier, later in pairwise(records))
    assert all(record.got_3d and record.fit_error < 100 for record in records)
    assert min(float(record.confidence[:66].mean()) for record in records) > 0.7
    return len(records)


def environment() -> dict[str, str]:
    """As little as the system allows."""
    return {name: os.environ[name] for name in NEEDED_ON_WINDOWS if name in os.environ}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
