"""A long run on the demo face: does memory grow, does a thread vanish, does a record get lost?

Exit code 1 when memory grew by more than a few MiB after the first minute, when a thread vanished, when a frame had
no record or a record's time did not rise.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from dataclasses import dataclass, field

import psutil

from benchmarks.program import receiver, running
from benchmarks.report import Report, arguments, facts
from protocol.openseeface import decode
from tracker.face.options import MODELS

FPS = 24.0
SETTLED_S = 60.0
SAMPLE_EVERY_S = 2.0
LISTEN_S = 0.5
SAMPLES = 5
"""So many samples make one figure of memory, as their median: one alone says little."""
MAX_GROWTH_MIB = 4.0
START_LIMIT_S = 60.0
SLACK = 1.5
"""The run may take this much longer than its frames' time before it counts as hanging."""
MIB = 2**20


@dataclass(slots=True)
class Samples:
    """Of a running process: seconds since its first record, resident memory in MiB, threads."""

    seconds: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def add(self, second: float, process: psutil.Process) -> None:
        self.seconds.append(second)
        self.memory_mib.append(process.memory_info().rss / MIB)
        self.threads.append(process.num_threads())


@dataclass(slots=True)
class Received:
    """What a receiver saw."""

    records: int = 0
    not_rising: int = 0
    last_time: float = -math.inf
    first_at: float = 0.0
    last_at: float = 0.0

    def add(self, data: bytes, now: float) -> None:
        if self.records == 0:
            self.first_at = now
        for record in decode(data):
            self.records += 1
            self.not_rising += record.time <= self.last_time
            self.last_time = record.time
        self.last_at = now

    @property
    def rate(self) -> float:
        """Records a second: gaps between them, over the time these took."""
        if self.records < 2:
            return 0.0
        return (self.records - 1) / (self.last_at - self.first_at)


def soak(frames: int, model: int) -> tuple[Samples, Received, int | None]:
    """Run the program for `frames` frames. Returns what was seen and the exit code, None where it hung."""
    samples, received = Samples(), Received()
    with receiver() as (listening, port):
        listening.settimeout(LISTEN_S)
        arguments = ("-c", "demo", "-F", f"{FPS:g}", "--frames", str(frames), "--model", str(model))
        with running(*arguments, "--port", str(port)) as process:
            watched = psutil.Process(process.pid)
            deadline = time.perf_counter() + START_LIMIT_S + SLACK * frames / FPS
            due = 0.0
            while True:
                try:
                    received.add(listening.recv(65535), time.perf_counter())
                except TimeoutError:
                    if process.poll() is not None:  # and nothing that it sent is left
                        return samples, received, process.returncode
                now = time.perf_counter()
                if now > deadline:
                    return samples, received, None
                # Near the end threads are joined, as they should be: the last second does not count.
                in_full_swing = 0 < received.records < frames - FPS and process.poll() is None
                if in_full_swing and now >= due:
                    samples.add(now - received.first_at, watched)
                    due = now + SAMPLE_EVERY_S


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="at least 2 (default 10)")
    parser.add_argument("--model", type=int, default=3, choices=MODELS, help="default 3")
    parser.add_argument("--growth", type=float, default=MAX_GROWTH_MIB, help=f"MiB allowed ({MAX_GROWTH_MIB:g})")
    options = parser.parse_args()
    if options.minutes < 2:
        parser.error("memory is compared with that after the first minute: run for at least 2 minutes")
    frames = round(60 * options.minutes * FPS)
    report = Report("soak", facts([options.model], cores="all cores; the program itself uses one"))
    samples, received, exit_code = soak(frames, options.model)
    settled = next((k for k, second in enumerate(samples.seconds) if second >= SETTLED_S), None)
    if settled is None or len(samples.seconds) < settled + 2 * SAMPLES:
        print(f"the program ended too soon after its first minute, or before (exit code {exit_code})", file=sys.stderr)
        return 1
    early = statistics.median(samples.memory_mib[settled : settled + SAMPLES])
    late = statistics.median(samples.memory_mib[-SAMPLES:])
    threads = samples.threads[settled:]
    verdicts = {
        f"memory grew by more than {options.growth:g} MiB": late - early > options.growth,
        "a thread vanished": min(threads) < threads[0],
        f"{frames - received.records} frames had no record": received.records != frames,
        f"{received.not_rising} records' time did not rise": received.not_rising > 0,
        f"the program ended with {exit_code}": exit_code != 0,
    }
    report.add(
        **{
            "MiB at 1 min": early,
            "MiB at end": late,
            "MiB highest after 1 min": max(samples.memory_mib[settled:]),
            "threads at 1 min": threads[0],
            "fewest": min(threads),
            "most": max(threads),
            "frames": frames,
            "records": received.records,
            "lost": frames - received.records,
            "records/s": received.rate,
        }
    )
    report.finish(options.json)
    failures = [text for text, failed in verdicts.items() if failed]
    print("\n" + ("; ".join(failures) if failures else "no growth, no thread lost, one record for every frame"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
