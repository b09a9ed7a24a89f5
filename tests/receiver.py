"""Runs the program and collects the datagrams that it sends meanwhile."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, str(ROOT / "facetracker.py"))
LISTEN_S = 0.1


@dataclass(frozen=True)
class Run:
    """How the program ended, what it printed, and the datagrams in the order they came."""

    exit_code: int
    out: bytes
    err: bytes
    datagrams: list[bytes]


def run_and_receive(arguments: Sequence[str], *port_option: str, limit_s: float = 120.0) -> Run:
    """Run the program to its end.

    port_option: how to tell it the receiver's port, the last part with `{port}` in it. The program may print no
    more than a pipe holds. Fails when it does not end within `limit_s`.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(LISTEN_S)
        port = listening.getsockname()[1]
        options = [part.format(port=port) for part in port_option]
        datagrams: list[bytes] = []
        deadline = time.monotonic() + limit_s
        with subprocess.Popen(
            [*PROGRAM, *arguments, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                ended = False
                while True:
                    try:
                        datagrams.append(listening.recv(65535))
                    except TimeoutError:
                        if ended:  # and nothing of what it sent is left
                            break
                    ended = process.poll() is not None
                    assert time.monotonic() < deadline, f"{arguments} did not end within {limit_s} s"
                out, err = process.communicate()
            finally:
                process.kill()
        return Run(process.returncode, out, err, datagrams)
