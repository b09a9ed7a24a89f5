"""How sure the tracker must be to start following a face: `python -m training.detector.evidence`.

The tracker adds the log odds of detector, verifier and landmarks (`tracker/face/finder.py`). This prints which sums
main faces and face-free windows reach, for choosing `EVIDENCE`, on scenes of fold 0 that the verifier did not learn
from. (The detector and the landmarks did.)
"""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np

from tracker.face.crop import bounds
from tracker.face.detector import Detector, intersection_over_union
from tracker.face.finder import EVIDENCE, FaceFinder
from tracker.face.networks import ModelStore
from training.detector.evaluate import CONFIRMING, NAME, PROPOSALS, Box, in_frame, make_finder
from training.manifest import MODELS_FOLDER
from training.packs import TRAIN, load_scenes, runs_folder
from training.photometric import Picture
from training.verifier.data import held_out, held_out_windows

WINDOWS = 6000
NEVER = -20.0


def best_sum(finder: FaceFinder, picture: Picture, box: Box | None, looks: int) -> float:
    """The largest sum of log odds in `picture` in the first `looks`; with `box`, of faces that lie on it."""
    best = NEVER
    for _ in range(looks):
        for candidate in finder.propose(picture, PROPOSALS, turned=True):
            weighed = finder.weigh(picture, candidate)
            if weighed is None:
                continue
            landmarks, odds = weighed
            if box is None or intersection_over_union(box, bounds(landmarks.xy)) >= 0.5:
                best = max(best, odds)
    return best


def held_out_faces() -> list[tuple[str, Picture, Box]]:
    """Source, picture and main face of the scenes that were held out."""
    scenes, _ = load_scenes()
    chosen = [i for i in scenes.indices(TRAIN) if held_out(int(i)) and np.isfinite(scenes["main_box"][i, 0])]
    return [(str(scenes.source[i]), scenes.pixels[i], tuple(scenes["main_box"][i].tolist())) for i in chosen]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=list(CONFIRMING))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = Detector(ModelStore(MODELS_FOLDER).load(NAME))
    cases = held_out_faces()
    for model in args.models:
        finder = make_finder(model, detector)
        whole = np.array([best_sum(finder, picture, box, looks=1) for _, picture, box in cases])
        framed = np.array([best_sum(finder, *in_frame(picture, box, 0.3), looks=1) for _, picture, box in cases])
        empty = []
        for k, picture in enumerate(held_out_windows(WINDOWS, seed=11)):
            empty.append(best_sum(finder, picture, None, looks=2))
            if empty[-1] > EVIDENCE:
                cv2.imwrite(str(runs_folder() / f"evidence-{model}-{empty[-1]:.2f}-{k}.png"), picture)
        highest = np.sort(empty)[::-1]
        masked = np.array([source == "mask" for source, _, _ in cases])
        print(f"model {model}: {len(cases)} main faces, {masked.sum()} of them of the mask set")
        for rank in (0, 1, 2, 4, 8, 16, 32):
            shares = [100 * float((sums > highest[rank]).mean()) for sums in (whole, whole[masked], framed)]
            print(
                f"sum above {highest[rank]:6.2f}: {rank} of {WINDOWS} windows, {shares[0]:.1f} % of the main faces,"
                f" {shares[1]:.1f} % of the mask set's, {shares[2]:.1f} % at 30 % of the frame's height",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
