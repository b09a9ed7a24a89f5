"""The program as a process of its own, and the socket it sends to."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.report import ROOT

END_LIMIT_S = 10.0
PROGRAM = (sys.executable, str(ROOT / "facetracker.py"), "--silent", "1")


@contextmanager
def receiver() -> Iterator[tuple[socket.socket, int]]:
    """A UDP socket on a free port of this computer, and that port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening, listening.getsockname()[1]


@contextmanager
def running(
    *arguments: str, program: Sequence[str] = PROGRAM, stdin: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program with `arguments`, silent; ended, if it has not ended by itself, on the way out.

    program: another one than facetracker. stdin: as for Popen.
    """
    with subprocess.Popen([*program, *arguments], cwd=ROOT, stdin=stdin) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
