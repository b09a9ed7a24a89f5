"""``--benchmark 1``: what each model costs here, in the seven lines that OpenSeeFace's launchers read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tracker.capture.demo.source import DemoFace
from tracker.errors import FacetrackerError
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.types import Frame

ORDER = (3, 2, 1, 0, -1, -2, -3)
PICTURES = 10
RUNS = 100
FPS = 30.0


def run_benchmark(options: EngineOptions) -> None:
    """Print frames per second of each model, one number a line, for the whole work on one tracked face.

    Raises ModelError where a network is missing, FacetrackerError where the face was not tracked: a rate without
    tracking would mean nothing.
    """
    pictures = _pictures()
    for model in ORDER:
        rate = measure(replace(options, model=model, max_faces=1, background_scan=False), pictures)
        sys.stdout.write(f"{rate:.2f}\n")
        sys.stdout.flush()


def measure(
    options: EngineOptions,
    pictures: Sequence[npt.NDArray[np.uint8]],
    runs: int = RUNS,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Frames per second over `runs` frames. The face is found before the time starts."""
    engine = Engine(options)
    try:
        _process(engine, options, pictures, 0, len(pictures))
        begin = clock()
        _process(engine, options, pictures, len(pictures), runs)
        return runs / (clock() - begin)
    finally:
        engine.close()


def _process(
    engine: Engine, options: EngineOptions, pictures: Sequence[npt.NDArray[np.uint8]], first: int, count: int
) -> None:
    for index in range(first, first + count):
        frame = Frame(index, pictures[index % len(pictures)], time.monotonic_ns(), time.time(), index / FPS)
        if not engine.process(frame).faces:
            raise FacetrackerError(f"model {options.model} lost the benchmark's face; lower --threshold")


def _pictures() -> list[npt.NDArray[np.uint8]]:
    """A short stretch of the demo face, there and back, so that it can be repeated without a jump."""
    face = DemoFace()
    there = [face.render(face.state_at(step / FPS))[0] for step in range(PICTURES // 2 + 1)]
    return there + there[-2:0:-1]
