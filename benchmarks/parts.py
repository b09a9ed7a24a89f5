"""Where a frame's time goes: microseconds of each part, on one core, tracking one face in pictures drawn beforehand.

Each part's functions are timed while they run in a whole frame, less what they call of other parts. Alone they would
take half as long: in a frame each finds the processor's caches full of a network's numbers.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from benchmarks.frames import as_frame, demo_pictures
from benchmarks.report import Report, Spread, arguments, facts, pin_to_one_core
from tracker.face.engine import Engine
from tracker.face.options import MODELS, EngineOptions
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.subject import AvatarSubjectTracker, OutputFrame

WARM_UP = 30
PARTS: dict[str, tuple[str, ...]] = {
    "networks": ("tracker.face.networks:BoundNetwork.run", "tracker.face.networks:Network.run"),
    "crop of the face": ("tracker.face.landmarks:cut",),
    "crops of the eyes": ("tracker.face.eyes:EyeCrops._cut",),
    "place of the crop": ("tracker.face.engine:Engine._expected",),
    "landmarks around their network": ("tracker.face.finder:FaceFinder.read_all",),
    "eyes around their network": ("tracker.face.measurement:FaceMeasurer.read_eyes",),
    "smoothing": (
        "tracker.face.face_filter:FaceFilter.filter",
        "tracker.face.smoothing:OneEuroFilter.filter",
        "tracker.face.smoothing:NumberFilter.filter",
    ),
    "pose": ("tracker.face.pose:PoseSolver.solve", "tracker.face.pose_correction:PoseCorrection.apply"),
    "openness and pupils": ("tracker.face.measurement:FaceMeasurer._eyes",),
    "gaze": ("tracker.face.gaze_direction:GazeMemory.update",),
    "3D points": ("tracker.face.measurement:lift", "tracker.face.measurement:normalise"),
    "coefficients": ("tracker.face.coefficients:CoefficientEstimator.update",),
    "features": ("tracker.face.measurement:_expression",),
    "motion": ("tracker.face.motion:Motion.update",),
    "search for further faces": ("tracker.face.engine:Engine._scan",),
    "the rest of measuring": ("tracker.face.measurement:FaceMeasurer.measure",),
    "the rest of the engine": ("tracker.face.engine:Engine.process",),
    "avatar's subject": ("tracker.output.subject:AvatarSubjectTracker.update",),
    "packet": ("tracker.output.formats.openseeface:OpenSeeFaceEncoder.encode",),
}
"""Functions, as MODULE:NAME where they are looked up, by the part that they belong to."""


class Profile:
    """Nanoseconds of each part since `restart`."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self._inner: list[int] = []

    def restart(self) -> None:
        """Begin a frame."""
        self.spent = dict.fromkeys(PARTS, 0)

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose time is added to `part`, less that of timed functions that it calls."""
        clock, inner = time.perf_counter_ns, self._inner

        def call(*values: Any, **named: Any) -> Any:
            inner.append(0)
            begin = clock()
            try:
                return function(*values, **named)
            finally:
                taken = clock() - begin
                self.spent[part] += taken - inner.pop()
                if inner:
                    inner[-1] += taken

        return call

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within the block all functions of `PARTS` are timed."""
        restore: list[tuple[Any, str, Any]] = []
        try:
            for part, names in PARTS.items():
                for name in names:
                    owner, last, stored = found(name)
                    function = stored.__func__ if isinstance(stored, staticmethod) else stored
                    call = self.timed(part, function)
                    restore.append((owner, last, stored))
                    setattr(owner, last, staticmethod(call) if isinstance(stored, staticmethod) else call)
            yield
        finally:
            for owner, last, stored in reversed(restore):
                setattr(owner, last, stored)


def found(name: str) -> tuple[Any, str, Any]:
    """Of MODULE:NAME: the object that holds the function, its name there, and what is stored under it."""
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = path.split(".")
    for step in outer:
        owner = getattr(owner, step)
    return owner, last, vars(owner)[last]


def profile(model: int, frames: int) -> list[dict[str, int]]:
    """Nanoseconds of each part in each of `frames` frames, from picture to packet."""
    engine, subjects, encoder = Engine(EngineOptions(model=model)), AvatarSubjectTracker(), OpenSeeFaceEncoder()
    watched, rows = Profile(), []
    with watched.watching():
        for index, picture in enumerate(demo_pictures(WARM_UP + frames)):
            frame = as_frame(picture, index)
            watched.restart()
            result = engine.process(frame)
            packets = encoder.encode(OutputFrame(result, subjects.update(result)))
            if index >= WARM_UP and packets:
                rows.append(watched.spent)
    engine.close()
    return rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=MODELS, help="default 3 0 -3")
    parser.add_argument("--frames", type=int, default=300, help=f"timed ones, after {WARM_UP} (default 300)")
    options = parser.parse_args()
    cores = pin_to_one_core()
    cv2.setNumThreads(1)  # as the program does
    report = Report("parts", facts(options.models, cores))
    for model in options.models:
        rows = profile(model, options.frames)
        for part in PARTS:
            _add(report, model, part, [row[part] for row in rows])
        _add(report, model, "all", [sum(row.values()) for row in rows])
    report.finish(options.json)


def _add(report: Report, model: int, part: str, nanoseconds: list[int]) -> None:
    microseconds = np.array(nanoseconds) / 1e3
    low = float(np.percentile(microseconds, 10))
    report.add(model=model, part=part, us=Spread.of(microseconds.tolist()), **{"us p10": low})


if __name__ == "__main__":
    main()
