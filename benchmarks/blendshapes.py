"""The 52 coefficients against the demo face's true controls, and what they cost: `python -m benchmarks.blendshapes`.

Each control of the demo face climbs and descends a staircase while everything else rests; every step is held until
smoothing has settled. Of each coefficient are shown: the control it should answer to, Spearman's rank correlation
with it, its value at the control's end, its value at rest, and its largest value under any control that it should not
answer to, with that control. The head's turns, nods and tilts of 20 degrees are among these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.frames import FPS, demo_pictures
from benchmarks.report import Report, arguments, facts, pin_to_one_core
from tracker import Tracker
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.blendshapes import ALWAYS_ZERO, BlendshapeEstimator
from tracker.face.options import MODELS
from tracker.topology import BLENDSHAPE_NAMES

REST_FRAMES, STEPS, HELD_FRAMES = 90, 12, 8
Floats = npt.NDArray[np.floating]


def _blink(right: float, left: float, amount: float) -> DemoState:
    return DemoState(blink=(right * amount, left * amount))


def _gaze(yaw: float, pitch: float, amount: float) -> DemoState:
    return DemoState(gaze_yaw=(yaw * amount,) * 2, gaze_pitch=(pitch * amount,) * 2)


def _head(axis: str, amount: float) -> DemoState:
    return DemoState(**{axis: 20.0 * amount})


CONTROLS: dict[str, Callable[[float], DemoState]] = {
    "right eye shut": partial(_blink, 1.0, 0.0),
    "left eye shut": partial(_blink, 0.0, 1.0),
    "gaze right": partial(_gaze, 24.0, 0.0),
    "gaze left": partial(_gaze, -24.0, 0.0),
    "gaze up": partial(_gaze, 0.0, -14.0),
    "gaze down": partial(_gaze, 0.0, 14.0),
    "brows up": lambda amount: DemoState(brows=amount),
    "brows down": lambda amount: DemoState(brows=-amount),
    "mouth open": lambda amount: DemoState(mouth_open=amount),
    "smile": lambda amount: DemoState(smile=amount),
    "pucker": lambda amount: DemoState(pucker=amount),
    "pucker, half open": lambda amount: DemoState(pucker=amount, mouth_open=0.5),
    "head right": partial(_head, "yaw"),
    "head left": lambda amount: _head("yaw", -amount),
    "nod down": partial(_head, "pitch"),
    "nod up": lambda amount: _head("pitch", -amount),
    "tilt": partial(_head, "roll"),
}
"""What is driven from 0 to 1. Right and left are the subject's."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "eyeBlinkRight": ("right eye shut",),
    "eyeBlinkLeft": ("left eye shut",),
    "eyeLookOutRight": ("gaze right",),
    "eyeLookInLeft": ("gaze right",),
    "eyeLookOutLeft": ("gaze left",),
    "eyeLookInRight": ("gaze left",),
    "eyeLookUpRight": ("gaze up",),
    "eyeLookUpLeft": ("gaze up",),
    "eyeLookDownRight": ("gaze down",),
    "eyeLookDownLeft": ("gaze down",),
    "browInnerUp": ("brows up",),
    "browOuterUpRight": ("brows up",),
    "browOuterUpLeft": ("brows up",),
    "browDownRight": ("brows down",),
    "browDownLeft": ("brows down",),
    "jawOpen": ("mouth open", "pucker, half open"),
    "mouthFunnel": ("pucker, half open",),
    "mouthPucker": ("pucker", "pucker, half open"),
    "mouthSmileRight": ("smile",),
    "mouthSmileLeft": ("smile",),
    "cheekSquintRight": ("smile",),
    "cheekSquintLeft": ("smile",),
}
"""The controls that a coefficient may answer to, the first being the one it is measured by. The lids follow a lowered
gaze and a nod that hides the eye; the rest of the coefficients have no control in the demo face."""


def staircase(control: Callable[[float], DemoState], model: int, demo: DemoFace) -> tuple[Floats, Floats, Floats]:
    """The control's amounts (K,), the coefficients at each (K, 52), and those at rest (52,)."""
    up = np.linspace(0.0, 1.0, STEPS + 1)
    amounts = np.concatenate([up, up[-2::-1]])
    values = []
    with Tracker(model=model, blendshapes=True) as tracker:
        rest = _held(tracker, demo.render(DemoState())[0], REST_FRAMES)
        for amount in amounts.tolist():
            values.append(_held(tracker, demo.render(control(amount))[0], HELD_FRAMES))
    return amounts, np.array(values), rest


def _held(tracker: Tracker, picture: npt.NDArray[np.uint8], frames: int) -> Floats:
    """(52,) after the picture was shown for so many frames."""
    for _ in range(frames):
        result = tracker.process(picture)
    if not result.faces or result.faces[0].blendshapes is None:
        raise SystemExit("the demo face was lost")
    return result.faces[0].blendshapes


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's; equal values share their mean rank. 0 where one of them never changes."""
    ranks = [_ranks(values) for values in (a, b)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values: Floats) -> Floats:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[group]
    return ranks


def measure_answers(model: int, report: Report) -> None:
    """Add a row for each of the 52."""
    demo = DemoFace()
    runs = {name: staircase(control, model, demo) for name, control in CONTROLS.items()}
    for k, name in enumerate(BLENDSHAPE_NAMES):
        wanted = ANSWERS.get(name, ())
        correlation: float | str = ""
        reached: float | str = ""
        if wanted:
            amounts, values, _ = runs[wanted[0]]
            correlation, reached = rank_correlation(amounts, values[:, k]), float(values[STEPS, k])
        others = {other: float(runs[other][1][:, k].max()) for other in runs if other not in wanted}
        worst = max(others, key=lambda other: others[other])
        report.add(
            coefficient=name,
            control=wanted[0] if wanted else "always 0" if name in ALWAYS_ZERO else "",
            correlation=correlation,
            **{"at its end": reached, "at rest": float(max(run[2][k] for run in runs.values()))},
            elsewhere=others[worst],
            under=worst if others[worst] >= 0.05 else "",
        )


def cost(model: int, pictures: Sequence[npt.NDArray[np.uint8]]) -> str:
    """What the estimate takes in a frame, in words."""
    whole, faces = [], []
    with Tracker(model=model) as tracker:
        for picture in pictures:
            result = tracker.process(picture)
            whole.append(result.timings.total)
            faces.append(result.faces[0])
    estimator, own, lids = BlendshapeEstimator(), [], np.tile([0.16, -0.09], (2, 1))
    for index, face in enumerate(faces):
        begin = time.perf_counter()
        estimator.update(face.points_3d, lids, face.pose, face.eyes.openness, index / FPS, learn=True)
        own.append(1e3 * (time.perf_counter() - begin))
    alone, frame = float(np.median(own[REST_FRAMES:])), float(np.median(whole[REST_FRAMES:]))
    return f"{1e3 * alone:.0f} us a frame, {100 * alone / frame:.1f} % of model {model}'s whole frame of {frame:.2f} ms"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--model", type=int, default=3, choices=MODELS, help="default 3")
    options = parser.parse_args()
    cores = pin_to_one_core()
    cv2.setNumThreads(1)  # as the program does
    report = Report("blendshapes", facts([options.model], cores))
    report.facts["cost"] = cost(options.model, demo_pictures(300))
    measure_answers(options.model, report)
    report.finish(options.json)


if __name__ == "__main__":
    main()
