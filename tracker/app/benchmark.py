"""``--benchmark 1``: frame rate of each model, in the seven lines that OpenSeeFace's launchers parse."""

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
IMAGES = 10
RUNS = 100
FPS = 30.0


def run_benchmark(options: EngineOptions) -> None:
    """Print frames per second of each model, one number per line, for the complete processing of one tracked face.

    Raises ModelError if a network is missing, and FacetrackerError if the face was not tracked: a rate without
    tracking would be meaningless.
    """
    images = _images()
    for model in ORDER:
        rate = measure(replace(options, model=model, max_faces=1, background_scan=False), images)
        sys.stdout.write(f"{rate:.2f}\n")
        sys.stdout.flush()


def measure(
    options: EngineOptions,
    images: Sequence[npt.NDArray[np.uint8]],
    runs: int = RUNS,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Frames per second over `runs` frames. The face is detected before timing starts."""
    engine = Engine(options)
    try:
        _process(engine, options, images, 0, len(images))
        begin = clock()
        _process(engine, options, images, len(images), runs)
        return runs / (clock() - begin)
    finally:
        engine.close()


def _process(
    engine: Engine, options: EngineOptions, images: Sequence[npt.NDArray[np.uint8]], first: int, count: int
) -> None:
    for index in range(first, first + count):
        frame = Frame(index, images[index % len(images)], time.monotonic_ns(), time.time(), index / FPS)
        if not engine.process(frame).faces:
            raise FacetrackerError(f"model {options.model} lost the benchmark's face; try a lower --threshold")


def _images() -> list[npt.NDArray[np.uint8]]:
    """A short stretch of the demo face's animation, forwards and backwards, so that it repeats without a jump."""
    face = DemoFace()
    forwards = [face.render(face.state_at(step / FPS))[0] for step in range(IMAGES // 2 + 1)]
    return forwards + forwards[-2:0:-1]
