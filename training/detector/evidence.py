"""How sure the tracker must be to start following a face: `python -m training.detector.evidence`.

The tracker adds the log odds of a detection and of the landmarks' mean confidence (`tracker/face/finder.py`). This
prints, on training scenes, which sums main faces and face-free windows reach, for choosing `EVIDENCE` there.
"""

from __future__ import annotations

import cv2
import numpy as np

from tracker.face.detector import Detector, intersection_over_union
from tracker.face.finder import FaceFinder, logit
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training.detector.evaluate import NAME, PROPOSALS, THRESHOLD, Box, main_faces, windows
from training.manifest import MODELS_FOLDER
from training.packs import TRAIN, runs_folder
from training.photometric import Picture

FACES, WINDOWS = 600, 4000
NEVER = -20.0


def best_sum(finder: FaceFinder, picture: Picture, box: Box | None) -> float:
    """The largest sum of log odds in `picture`; with `box`, of detections that lie on it."""
    best = NEVER
    for candidate in finder.propose(picture, PROPOSALS):
        if box is not None and intersection_over_union(box, candidate.detection.box) < 0.5:
            continue
        landmarks = finder.confirm(picture, candidate, evidence=NEVER)
        if landmarks is not None:
            best = max(best, logit(candidate.detection.score) + logit(landmarks.mean_confidence))
    return best


def main() -> None:
    cv2.setNumThreads(1)
    store = ModelStore(MODELS_FOLDER)
    finder = FaceFinder([Detector(store.load(NAME))], LandmarkReader(store.load("landmarks_3")), 0.0, THRESHOLD)
    cases = list(main_faces(TRAIN))
    chosen = np.random.default_rng(4).choice(len(cases), FACES, replace=False)
    faces = np.array([best_sum(finder, cases[k][1], cases[k][2]) for k in chosen])
    empty = []
    for k, picture in enumerate(windows(TRAIN, WINDOWS, seed=11)):
        empty.append(best_sum(finder, picture, None))
        if empty[-1] > 0:
            cv2.imwrite(str(runs_folder() / f"evidence-{empty[-1]:.2f}-{k}.png"), picture)
    highest = np.sort(empty)[::-1]
    for rank in (1, 2, 4, 8, 16):
        share = 100 * float((faces > highest[rank]).mean())
        print(f"sum above {highest[rank]:6.2f}: {rank} of {WINDOWS} windows, {share:.1f} % of {FACES} main faces")


if __name__ == "__main__":
    main()
