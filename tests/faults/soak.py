"""A long run in bad company: ``python -m tests.faults.soak [MINUTES]``.

The camera is a phone whose stream turns, sends damaged pictures, hangs up and stalls; strangers connect to the
WebSocket server by the hundred and say nothing or nonsense, clients come and go. Afterwards nothing may have grown or
be missing.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.faults.phone import Phone, mjpeg
from tests.faults.pictures import face, jpeg
from tests.faults.program import PROGRAM, QUIET, ROOT

MAX_GROWTH_MIB, MAX_MORE_THREADS, MAX_MORE_FILES = 6.0, 12, 12
END_LIMIT_S = 25.0
_NOISE = (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 500, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n")


@dataclass(frozen=True)
class Outcome:
    """What a run came to. Growths are between its first third and its end."""

    minutes: float
    exit_code: int
    frames: int
    strangers: int
    clients: int
    growth_mib: float
    more_threads: int
    more_files: int
    said: str

    def faults(self, max_growth_mib: float = MAX_GROWTH_MIB) -> list[str]:
        """What is wrong, a line each."""
        found = {
            f"exit code {self.exit_code}": self.exit_code != 0,
            "a traceback": "Traceback" in self.said,
            "no client was served": self.clients == 0,
            f"memory grew by {self.growth_mib:.1f} MiB": self.growth_mib > max_growth_mib,
            f"{self.more_threads} more threads": self.more_threads > MAX_MORE_THREADS,
            f"{self.more_files} more open files": self.more_files > MAX_MORE_FILES,
            f"only {self.frames} frames": self.frames < 60 * self.minutes,
        }
        return [text for text, is_so in found.items() if is_so]


def soak(minutes: float) -> Outcome:
    """Run the program that long."""
    ending = threading.Event()
    counts = {"strangers": 0, "clients": 0}
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        phone = Phone({"/video": lambda request: _behave(next(_BEHAVIOURS), request)})
        log = Path(folder) / "log.csv"
        arguments = ["-c", phone.url("/video"), "--target", f"json+ws://127.0.0.1:{port}", "--log-data", str(log)]
        process = subprocess.Popen(
            [*PROGRAM, *arguments, *QUIET], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
        )
        said: list[bytes] = []
        assert process.stderr is not None
        threads = [
            threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True),
            threading.Thread(target=_annoy, args=(port, ending, counts), daemon=True),
            threading.Thread(target=_watch, args=(port, ending, counts), daemon=True),
        ]
        for thread in threads:
            thread.start()
        early, late = _samples(psutil.Process(process.pid), 60 * minutes)
        process.send_signal(signal.SIGTERM)
        try:
            exit_code = process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            exit_code = process.wait()
        ending.set()
        phone.close()
        frames = len(log.read_bytes().splitlines()) - 1 if log.exists() else 0
    text = b"".join(said).decode("utf-8", "replace")
    growths = [after - before for before, after in zip(early, late, strict=True)]
    more = growths[0], round(growths[1]), round(growths[2])
    return Outcome(minutes, exit_code, frames, counts["strangers"], counts["clients"], *more, text)


def _samples(process: psutil.Process, seconds: float) -> tuple[list[float], list[float]]:
    """The largest memory (MiB), threads and open files in the second and in the last third of the run."""
    begun_s = time.monotonic()
    thirds: list[list[list[float]]] = [[], [], []]
    while (passed_s := time.monotonic() - begun_s) < seconds:
        with contextlib.suppress(psutil.Error):
            sample = [process.memory_info().rss / 2**20, process.num_threads(), len(process.net_connections())]
            thirds[min(2, int(3 * passed_s / seconds))].append(sample)
        time.sleep(0.5)
    early, late = (([max(column) for column in zip(*third, strict=True)] or [0.0] * 3) for third in thirds[1:])
    return early, late


def _pictures(damaged: bool) -> Iterator[bytes]:
    across, upright = jpeg(face(640, 360)), jpeg(face(360, 640))
    for number in range(90):
        if damaged and number % 7 == 3:
            yield across[: len(across) // 2]
        yield across if number < 45 else upright


_BEHAVIOURS = itertools.cycle(
    [{"then": "hang up"}, {"then": "stall"}, {"then": "hang up", "with_length": False}, {"damaged": True}]
)


def _behave(how: dict[str, Any], request: Any) -> None:
    more = dict(how)
    mjpeg(_pictures(bool(more.pop("damaged", False))), interval_s=0.03, **more)(request)


def _annoy(port: int, ending: threading.Event, counts: dict[str, int]) -> None:
    """Connect, say something useless, and stay a while."""
    kept: list[socket.socket] = []
    for noise in itertools.cycle(_NOISE):
        if ending.wait(0.05):
            break
        with contextlib.suppress(OSError):
            stranger = socket.create_connection(("127.0.0.1", port), 1.0)
            kept.append(stranger)
            stranger.sendall(noise)
            counts["strangers"] += 1
        while len(kept) > 100:
            kept.pop(0).close()
    for stranger in kept:
        stranger.close()


def _watch(port: int, ending: threading.Event, counts: dict[str, int]) -> None:
    """Be a client, again and again."""
    while not ending.wait(0.3):
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            with connect(f"ws://127.0.0.1:{port}", proxy=None, open_timeout=5, close_timeout=0.2) as client:
                for _ in range(5):
                    client.recv(timeout=10)
            counts["clients"] += 1


def main(minutes: float = 5.0) -> int:
    """Print what came of it. Returns 1 when anything was wrong."""
    outcome = soak(minutes)
    faults = outcome.faults()
    sys.stdout.write(
        f"{outcome.minutes:g} minutes, {outcome.frames} rows, {outcome.strangers} strangers, {outcome.clients} "
        f"clients; memory {outcome.growth_mib:+.1f} MiB, threads {outcome.more_threads:+d}, connections "
        f"{outcome.more_files:+d}, exit code {outcome.exit_code}: {'; '.join(faults) or 'nothing wrong'}\n"
    )
    if faults:
        sys.stdout.write(outcome.said[-3000:])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
