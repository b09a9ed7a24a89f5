"""Whole frames against MediaPipe's FaceMesh with irises, on the same pictures in the same run.

Needs MediaPipe, which facetracker itself never does: use an environment of its own (see README.md here).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.frames import as_frame, demo_pictures
from benchmarks.report import Report, Spread, arguments, facts, pin_to_one_core
from protocol.openseeface import encode
from tracker.face.engine import Engine
from tracker.face.options import MODELS, EngineOptions
from tracker.output.records import to_records

WARM_UP, TURN = 30, 30
Picture = npt.NDArray[np.uint8]
Tracking = Callable[[Picture, int], bool]
"""Tracks a picture, given with its number; says whether a face was found."""

PEER = "MediaPipe FaceMesh + irises"


def ours(model: int, stack: ExitStack) -> Tracking:
    """A picture in, a packet out."""
    engine = Engine(EngineOptions(model=model))
    stack.callback(engine.close)

    def track(picture: Picture, index: int) -> bool:
        result = engine.process(as_frame(picture, index))
        return bool(result.faces) and bool(encode(to_records(result)))

    return track


def mediapipe_mesh(stack: ExitStack) -> Tracking:
    """A BGR picture in, 478 points out. Raises ImportError where MediaPipe is not installed or lacks FaceMesh."""
    from mediapipe.python.solutions import face_mesh  # type: ignore[import-not-found,import-untyped,unused-ignore]

    mesh = stack.enter_context(face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True))

    def track(picture: Picture, index: int) -> bool:
        return bool(mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks)

    return track


@dataclass
class Taken:
    """By one tracker: milliseconds of each picture, processor time of all its threads, pictures without a face."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0
    lost: int = 0


def take_turns(trackings: dict[str, Tracking], pictures: Sequence[Picture]) -> dict[str, Taken]:
    """Give every tracker the pictures, thirty at a time, so that whatever else the machine does meets all alike."""
    taken = {name: Taken() for name in trackings}
    for start in range(0, len(pictures), TURN):
        for name, track in trackings.items():
            for index in range(start, min(start + TURN, len(pictures))):
                cpu_begin, begin = time.process_time(), time.perf_counter()
                found = track(pictures[index], index)
                end, cpu_end = time.perf_counter(), time.process_time()
                if index >= WARM_UP:
                    taken[name].wall_ms.append(1e3 * (end - begin))
                    taken[name].cpu_ms += 1e3 * (cpu_end - cpu_begin)
                    taken[name].lost += not found
    return taken


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=MODELS, help="default 3 0 -3")
    parser.add_argument("--frames", type=int, default=300, help=f"timed ones, after {WARM_UP} (default 300)")
    parser.add_argument("--seed", type=int, default=0, help="of the demo face's animation (default 0)")
    options = parser.parse_args()
    cores = pin_to_one_core()
    cv2.setNumThreads(1)  # as the program does
    pictures = demo_pictures(WARM_UP + options.frames, options.seed)
    with ExitStack() as stack:
        try:
            peer = mediapipe_mesh(stack)
        except ImportError as error:
            print(f"MediaPipe's FaceMesh cannot be loaded here ({error}); see benchmarks/README.md", file=sys.stderr)
            return 2
        trackings = {PEER: peer} | {f"facetracker --model {model}": ours(model, stack) for model in options.models}
        taken = take_turns(trackings, pictures)
    report = Report("peers", facts(options.models, cores))
    peer_ms = Spread.of(taken[PEER].wall_ms).median
    for name, spent in taken.items():
        whole = Spread.of(spent.wall_ms)
        report.add(
            tracker=name,
            ms=whole,
            **{
                "times the peer's": whole.median / peer_ms,
                "ms cpu": spent.cpu_ms / whole.count,
                "cpu, times the peer's": spent.cpu_ms / taken[PEER].cpu_ms,
                "frames": whole.count,
                "lost": spent.lost,
            },
        )
    report.finish(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
