"""Starts the program and sends it a signal at a random moment: ``python -m tests.faults.starts [STARTS] [SECONDS]``.

Python itself takes some moments before the first line of the program runs; what a signal does there is Python's own
(SIGTERM ends it, SIGINT may print a traceback of the interpreter's) and no program can change it. So moments are
counted from the first line, after which the program catches SIGTERM, as /proc shows.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.faults.program import PROGRAM, QUIET, ROOT

LIMIT_S, SLOW_S = 30.0, 5.0


@dataclass(frozen=True)
class InterruptedStart:
    """When the signal came, and what became of the program. code: None for one that had to be killed."""

    after_s: float
    code: int | None
    has_traceback: bool
    took_s: float
    said: str


def wait_for_first_line(process: subprocess.Popen[bytes]) -> None:
    """Wait until the program in `process` handles signals itself, or has ended."""
    if not sys.platform.startswith("linux"):
        time.sleep(1.0)
        return
    until_s = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            return
        caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.001)


def interrupted_start(number: signal.Signals, after_s: float) -> InterruptedStart:
    """Start the program and send it signal `number` so long after its first line."""
    command = [*PROGRAM, "-c", "demo", *QUIET]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, cwd=ROOT)
    wait_for_first_line(process)
    time.sleep(after_s)
    begin_s = time.monotonic()
    process.send_signal(number)
    try:
        _, err = process.communicate(timeout=LIMIT_S)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
        code = None
    return InterruptedStart(
        after_s, code, b"Traceback" in err, time.monotonic() - begin_s, err.decode("utf-8", "replace")
    )


def main(starts: int = 60, span_s: float = 1.0) -> int:
    """Print a line for each signal. Returns 1 when anything but a clean end was seen."""
    clean = True
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        random_ = random.Random(number)
        ended = [interrupted_start(number, random_.random() * span_s) for _ in range(starts)]
        codes = dict(Counter(end.code for end in ended))
        tracebacks = sum(end.has_traceback for end in ended)
        slowest_s = max(end.took_s for end in ended)
        sys.stdout.write(f"{number.name}: exit codes {codes}, {tracebacks} tracebacks, slowest end {slowest_s:.2f} s\n")
        for end in ended:
            if end.code != 0 or end.has_traceback or end.took_s > SLOW_S:
                after_ms = 1000 * end.after_s
                sys.stdout.write(f"  {after_ms:.0f} ms: {end.code}, ended in {end.took_s:.2f} s: {end.said[-300:]!r}\n")
        clean = clean and codes == {0: starts} and not tracebacks
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *map(float, sys.argv[2:3])))
