"""Taught expressions on the development clips: `python -m training.expression.taught_clips`.

Each clip's first showings of an expression, labelled by eye, are what is recorded: half a second to three seconds. The
later ones are the test: every frame judged alone, and what is shown from the fifth labelled frame of a showing on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tracker import Tracker
from tracker.face.taught.decision import Belief, Decision
from tracker.face.taught.discriminant import train
from tracker.face.taught.measures import MEASURES, measured
from training.expression.clips import Clip, load_clips
from training.manifest import MODELS_FOLDER

Showings = list[tuple[int, int]]
LABELS: dict[str, dict[str, tuple[Showings, Showings]]] = {
    "d13": {
        "neutral": ([(0, 22), (44, 92)], [(105, 120), (334, 352)]),
        "laugh": ([(196, 216)], [(217, 232), (318, 328)]),
        "closed smile": ([(240, 252)], [(253, 258), (277, 283)]),
        "frown": ([(259, 268)], [(269, 274), (284, 290)]),
    },
    "d14": {
        "smile": ([(0, 21)], [(215, 262)]),
        "teeth": ([(23, 40)], [(41, 51)]),
        "closed eyes": ([(126, 160)], [(162, 206)]),
        "pout": ([(280, 330)], [(350, 366), (392, 428), (446, 460)]),
    },
    "d19": {
        "neutral": ([(28, 40), (66, 80)], [(101, 113), (137, 153), (181, 191), (217, 227)]),
        "smirk left": ([(9, 23)], [(160, 178)]),
        "smirk right": ([(45, 58)], [(197, 214)]),
        "smile": ([(86, 97)], [(232, 250)]),
        "frown": ([(118, 126)], [(127, 133)]),
    },
}
"""Of each clip and expression the frames, first and one beyond the last, that are recorded and that are tested."""
SETTLED = 4
"""Frames of a showing before what is shown counts."""


def measure(clip: Clip, model: int, folder: Path) -> np.ndarray:
    """(frames, N), NaN where no face was measured.

    The clip is played twice, and the second time counts: who records has been before the camera for a while.
    """
    rows: list[np.ndarray] = []
    frame_s = 1 / clip.fps
    with Tracker(model=model, model_dir=folder, switch_after=0) as tracker:
        for _ in range(2):
            played = len(rows)
            for picture in clip.frames():
                faces = tracker.process(picture, len(rows) * frame_s).faces
                values = measured(faces[0]) if faces else None
                rows.append(np.full(len(MEASURES), np.nan) if values is None else values)
    return np.stack(rows[played:])


def judged(measures: np.ndarray, fps: float, labels: dict[str, tuple[Showings, Showings]]) -> np.ndarray:
    """(4,): frames judged right, frames judged, frames shown right, frames in which showing counts."""
    recordings = {
        name: np.concatenate([measures[first:end] for first, end in recorded]) for name, (recorded, _) in labels.items()
    }
    learnt, _ = train({name: each[np.isfinite(each[:, 0])] for name, each in recordings.items()}, 1 / fps)
    counts = np.zeros(4, int)
    for name, (_, tested) in labels.items():
        for first, end in tested:
            belief, decision = Belief(learnt.weights), Decision()
            for k in range(first, end):
                if not np.isfinite(measures[k, 0]):
                    continue
                scores, is_like_any = learnt.judge(measures[k])
                shares = belief.update(scores, k / fps)
                best = int(np.argmax(shares))
                decision.update(learnt.names[best], shares[best], is_like_any, k / fps)
                counts[:2] += learnt.names[int(np.argmax(scores))] == name, 1
                if k - first >= SETTLED:
                    counts[2:] += decision.name == name, 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--model-dir", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    arguments = parser.parse_args()
    total = np.zeros(4, int)
    for clip in load_clips():
        if clip.name in LABELS:
            found = judged(measure(clip, arguments.model, arguments.model_dir), clip.fps, LABELS[clip.name])
            print("{}: judged right {} of {}, shown right {} of {}".format(clip.name, *found), flush=True)
            total += found
    print("all: judged right {} of {}, shown right {} of {}".format(*total))


if __name__ == "__main__":
    main()
