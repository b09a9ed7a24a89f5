"""Starts the frozen program as launchers do, and listens to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol import openseeface

PROGRAM = "facetracker.exe" if sys.platform == "win32" else "facetracker"
LAUNCHER = "facetracker-launcher.exe" if sys.platform == "win32" else "facetracker-launcher"
DEMO = ("--capture", "demo", "--fps", "60")
SMALL = ("--model", "-3", "--width", "320", "--height", "180")
NOBODY = 65534
RECORD_BYTES = 1785
START_LIMIT_S = 60.0
END_LIMIT_S = 5.0  # five times what is promised


def without_pythonpath() -> dict[str, str]:
    """This environment without what would lead Python to a checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@dataclass(frozen=True, slots=True)
class Installed:
    """folder: where the bundle is. nobody: whether to start it as the user nobody. name: of the executable."""

    folder: Path
    nobody: bool = False
    name: str = PROGRAM

    @property
    def program(self) -> Path:
        return self.folder / self.name

    def start(self, *arguments: str, argv0: str | None = None, **popen: Any) -> subprocess.Popen[bytes]:
        """Start it with an empty environment (no HOME, no PATH, no locale) unless `popen` says otherwise.

        Windows itself cannot open a socket without two variables.
        """
        needed = {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR", "TEMP") if name in os.environ}
        options: dict[str, Any] = {"env": needed if sys.platform == "win32" else {}, **popen}
        if self.nobody:
            options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return subprocess.Popen([argv0 or str(self.program), *arguments], executable=str(self.program), **options)

    def run(self, *arguments: str, **popen: Any) -> tuple[int, str, str]:
        """Run to the end: exit code, standard output, standard error."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
        process = self.start(*arguments, **pipes)
        try:
            out, err = process.communicate(timeout=START_LIMIT_S)
        finally:
            process.kill()
            process.wait()
        return process.returncode, out.decode("utf-8"), err.decode("utf-8")


class Receiver:
    """A UDP port of this computer that takes OpenSeeFace records."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self.port = str(listening.getsockname()[1])

    def records(self, count: int) -> list[openseeface.FaceRecord]:
        """The next `count` records, one datagram each. Fails when they do not come."""
        deadline = time.monotonic() + START_LIMIT_S
        found: list[openseeface.FaceRecord] = []
        while len(found) < count:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self._socket.recv(65535)
            except TimeoutError:
                raise AssertionError(f"only {len(found)} of {count} records came") from None
            assert len(data) == RECORD_BYTES
            found += openseeface.decode(data)
        return found


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield Receiver(listening)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Whatever happens in the block, the process does not outlive it."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
