"""Milliseconds per stage and per whole frame on one core, tracking one face in pictures drawn beforehand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.frames import as_frame, demo_pictures
from benchmarks.report import Report, Spread, arguments, facts, landmark_network, pin_to_one_core
from protocol.openseeface import encode
from tracker.face.crop import crop_around, cut
from tracker.face.detector import FAST_WIDTH, Detector
from tracker.face.engine import Engine
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from tracker.face.options import MODELS, EngineOptions
from tracker.output.records import to_records
from tracker.types import FrameResult

WARM_UP = 30
STAGES = ("landmarks", "pose", "eyes", "expression")
Picture = npt.NDArray[np.uint8]


def measure_frames(model: int, pictures: Sequence[Picture], report: Report) -> list[FrameResult]:
    """Add the rows of one model's whole frames and their stages. Returns the results of the timed frames.

    Detection takes no part while a face is held; it is measured by itself.
    """
    engine = Engine(EngineOptions(model=model))
    wall: list[float] = []
    sent: list[float] = []
    results: list[FrameResult] = []
    lost = 0
    busy = 0.0
    for index, picture in enumerate(pictures):
        frame = as_frame(picture, index)
        cpu_begin = time.process_time()
        begin = time.perf_counter()
        result = engine.process(frame)
        tracked = time.perf_counter()
        packed = encode(to_records(result)) if result.faces else b""
        end = time.perf_counter()
        if index < WARM_UP:
            continue
        busy += time.process_time() - cpu_begin
        if not packed:
            lost += 1
            continue
        wall.append(1e3 * (end - begin))
        sent.append(1e3 * (end - tracked))
        results.append(result)
    engine.close()
    if not results:
        raise SystemExit(f"model {model} tracked no face: there is nothing to measure")
    whole = Spread.of(wall)
    cpu_ms = 1e3 * busy / (len(pictures) - WARM_UP)
    rate = 1e3 / statistics.fmean(wall)
    report.add(model=model, what="whole frame", ms=whole, **{"ms cpu": cpu_ms, "fps": rate, "lost": lost})
    for stage in STAGES:
        _add_part(report, model, stage, [getattr(result.timings, stage) for result in results])
    parts = [sum(getattr(result.timings, stage) for stage in STAGES) for result in results]
    rest = [result.timings.total - part for result, part in zip(results, parts, strict=True)]
    _add_part(report, model, "smoothing and the rest", rest)
    _add_part(report, model, "records and packing", sent)
    return results


def measure_networks(model: int, pictures: Sequence[Picture], results: Sequence[FrameResult], report: Report) -> None:
    """Add the row of the landmark network without the cutting of its crop."""
    network = ModelStore().load(landmark_network(model))
    reader = LandmarkReader(network)
    boxes = [crop_around(result.faces[0].landmarks.xy) for result in results]
    seen = [pictures[result.frame_index] for result in results]
    crops = [cut(picture, box, reader.crop_px)[np.newaxis] for picture, box in zip(seen, boxes, strict=True)]
    _add_part(report, model, "landmark network alone", _each([partial(network.run, crop) for crop in crops]))


def measure_detector(pictures: Sequence[Picture], report: Report) -> None:
    """Add the row of one look at a whole picture."""
    options = EngineOptions()
    detector = Detector(ModelStore().load("detector"), FAST_WIDTH)
    looks = [partial(detector.detect, picture, options.detection_threshold, 3) for picture in pictures]
    _add_part(report, "any", "detector", _each(looks))


def _each(actions: Sequence[Callable[[], object]]) -> list[float]:
    """Milliseconds of each action, after warming up on the first ones."""
    for action in actions[:WARM_UP]:
        action()
    taken = []
    for action in actions:
        begin = time.perf_counter()
        action()
        taken.append(1e3 * (time.perf_counter() - begin))
    return taken


def _add_part(report: Report, model: int | str, what: str, ms: Sequence[float]) -> None:
    report.add(model=model, what=what, ms=Spread.of(ms), **{"ms cpu": "", "fps": "", "lost": ""})


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=MODELS, help="default 3 0 -3")
    parser.add_argument("--frames", type=int, default=300, help=f"timed ones, after {WARM_UP} (default 300)")
    parser.add_argument("--seed", type=int, default=0, help="of the demo face's animation (default 0)")
    options = parser.parse_args()
    cores = pin_to_one_core()
    cv2.setNumThreads(1)  # as the program does
    report = Report("stages", facts(options.models, cores))
    pictures = demo_pictures(WARM_UP + options.frames, options.seed)
    for model in options.models:
        results = measure_frames(model, pictures, report)
        measure_networks(model, pictures, results, report)
    measure_detector(pictures, report)
    report.finish(options.json)


if __name__ == "__main__":
    main()
