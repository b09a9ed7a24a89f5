"""How long the frozen program takes to its first packet, compared with the script it was made from.

Usage: python start_time.py [RUNS]. The two take turns, so that whatever else the computer does weighs on both; the
script runs in the build's own environment, with the same libraries.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from contents import ROOT

SUFFIX = ".exe" if sys.platform == "win32" else ""
PYTHON = ROOT / "build" / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
FROZEN = [str(ROOT / "dist" / "facetracker" / f"facetracker{SUFFIX}")]
SCRIPT = [str(PYTHON), str(ROOT / "facetracker.py")]
LIMIT_S = 120.0


def seconds_to_first_packet(command: list[str]) -> float:
    """From before the process is made until its first record is here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(LIMIT_S)
        arguments = ["--capture", "demo", "--silent", "1", "--port", str(listening.getsockname()[1])]
        began = time.monotonic()
        with subprocess.Popen([*command, *arguments], cwd=Path.home()) as process:
            try:
                listening.recv(65535)
                return time.monotonic() - began
            finally:
                process.kill()


def main(runs: int = 15) -> int:
    seconds_to_first_packet(SCRIPT), seconds_to_first_packet(FROZEN)  # into the disk's cache
    pairs = [(seconds_to_first_packet(SCRIPT), seconds_to_first_packet(FROZEN)) for _ in range(runs)]
    script, frozen = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(frozen / script for script, frozen in pairs)
    print(f"script {script:.2f} s, frozen {frozen:.2f} s, median ratio of {runs} pairs {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
