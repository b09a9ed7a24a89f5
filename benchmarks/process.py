"""The program as a whole: time to its first packet, processor time for a file, and memory beyond its imports."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.frames import write_clip
from benchmarks.program import receiver, running
from benchmarks.report import ROOT, Report, Spread, arguments, facts
from tracker.face.options import MODELS

SAMPLE_S = 0.01
FIRST_PACKET_LIMIT_S = 60.0
MIB = 2**20

IMPORTS = """
import sys
import psutil, tqdm
import tracker.app.cli, tracker.app.run
import cv2
cv2.setNumThreads(1)
"""
DECODE = """
capture = cv2.VideoCapture(sys.argv[1])
while capture.read()[0]:
    pass
"""
SAY_MEMORY = "print(psutil.Process().memory_info().rss)\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: wall and processor seconds, the largest resident memory in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def start_up_s(model: int) -> float:
    """Seconds from starting the process to its first packet."""
    with receiver() as (listening, port):
        listening.settimeout(FIRST_PACKET_LIMIT_S)
        begin = time.perf_counter()
        with running("-c", "demo", "--model", str(model), "--port", str(port)):
            listening.recv(65535)
            return time.perf_counter() - begin


def cost_of_file(clip: Path, model: int) -> Cost:
    """Track the file to its end. Sampled every 10 ms, so up to that much processor time is missed."""
    with receiver() as (_, port):
        begin = time.perf_counter()
        cpu_s = peak = 0.0
        with running("-c", str(clip), "--model", str(model), "--port", str(port)) as process:
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                try:
                    times = watched.cpu_times()
                    cpu_s = max(cpu_s, times.user + times.system)
                    peak = max(peak, watched.memory_info().rss / MIB)
                except psutil.NoSuchProcess:  # ended since the last look
                    break
                time.sleep(SAMPLE_S)
            wall_s = time.perf_counter() - begin
            if process.wait() != 0:
                raise SystemExit(f"tracking {clip} ended with {process.returncode}")
    return Cost(wall_s, cpu_s, peak)


def memory_mib(script: str, *parameters: str) -> float:
    """Resident memory of a Python process at the end of `script`."""
    command = [sys.executable, "-c", IMPORTS + script + SAY_MEMORY, *parameters]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout) / MIB


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=MODELS, help="default 3 0 -3")
    parser.add_argument("--frames", type=int, default=900, help="of the file (default 900)")
    parser.add_argument("--starts", type=int, default=5, help="start the program so often (default 5)")
    options = parser.parse_args()
    report = Report("process", facts(options.models, cores="all cores; the program itself uses one"))
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder, "demo.avi")
        write_clip(clip, options.frames)
        imports = memory_mib("")
        decoding = memory_mib(DECODE, str(clip))
        report.facts["memory of the imports alone, MiB"] = round(imports, 1)
        report.facts["memory of imports and decoding the file, MiB"] = round(decoding, 1)
        for model in options.models:
            starts = [start_up_s(model) for _ in range(options.starts)]
            cost = cost_of_file(clip, model)
            report.add(
                model=model,
                **{
                    "first packet s": Spread.of(starts),
                    f"cpu s for {options.frames} frames": cost.cpu_s,
                    "wall s": cost.wall_s,
                    "peak MiB": cost.peak_mib,
                    "over imports": cost.peak_mib - imports,
                    "over imports and decoding": cost.peak_mib - decoding,
                },
            )
    report.finish(options.json)


if __name__ == "__main__":
    main()
