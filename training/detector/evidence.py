"""How sure the tracker must be to start following a face: `python -m training.detector.evidence`.

The tracker adds the log odds of detector, classifier and landmarks (`tracker/face/finder.py`). This prints which sums
main faces and face-free windows reach, for choosing `AcceptancePolicy.accept_log_odds`, and the weights by which a
logistic regression would add them, on scenes of fold 0 that the classifier did not learn from (the detector and the
landmarks did).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from tracker.face.crop import bounds
from tracker.face.detector import Detector, intersection_over_union
from tracker.face.finder import CandidateScore, FaceFinder
from tracker.face.networks import ModelStore
from training.classifier.data import held_out, held_out_windows
from training.datasets import TRAIN, load_scenes, runs_folder
from training.detector.cases import Box, in_frame
from training.detector.evaluate import NAME
from training.detector.tracked import CONFIRMING, PROPOSALS, make_finder
from training.logistic import fitted_logistic
from training.manifest import MODELS_FOLDER
from training.photometric import Picture

WINDOWS = 6000
NEVER = -20.0


def proposals(finder: FaceFinder, picture: Picture, box: Box | None, looks: int) -> list[CandidateScore]:
    """What is proposed in `picture` in the first `looks` and not hopeless; with `box`, what lies on it."""
    found = []
    for _ in range(looks):
        for candidate in finder.detect(picture, PROPOSALS, rotated=True):
            weighed = finder.score(picture, candidate)
            if weighed and (box is None or intersection_over_union(box, bounds(weighed.landmarks.xy)) >= 0.5):
                found.append(weighed)
    return found


def largest_sums(pictures: list[list[CandidateScore]]) -> np.ndarray:
    """(N,) the largest evidence in each picture."""
    return np.array([max((one.log_odds for one in found), default=NEVER) for found in pictures])


def regression(faces: list[list[CandidateScore]], others: list[list[CandidateScore]]) -> dict[str, float]:
    """The weights by which log odds tell proposals on faces from others best, the second look's being 1."""
    both = [(one, is_face) for group, is_face in ((faces, 1.0), (others, 0.0)) for found in group for one in found]
    inputs = np.array([(one.detector, one.first_look, one.second_look, one.confidence) for one, _ in both])
    weights = fitted_logistic(inputs, np.array([is_face for _, is_face in both]), ridge=0.1)
    names = ("detector", "first look", "second look", "confidence", "offset")
    return {name: round(weight / weights[2], 2) for name, weight in zip(names, weights, strict=True)}


def held_out_faces() -> list[tuple[str, Picture, Box]]:
    """Source, picture and main face of the scenes that were held out."""
    scenes, _ = load_scenes()
    chosen = [i for i in scenes.indices(TRAIN) if held_out(int(i)) and np.isfinite(scenes["main_box"][i, 0])]
    return [(str(scenes.source[i]), scenes.pixels[i], tuple(scenes["main_box"][i].tolist())) for i in chosen]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=list(CONFIRMING))
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = Detector(ModelStore(args.folder).load(NAME))
    cases = held_out_faces()
    for model in args.models:
        finder = make_finder(model, detector, args.folder)
        on_faces = [proposals(finder, picture, box, looks=1) for _, picture, box in cases]
        on_framed = [proposals(finder, *in_frame(picture, box, 0.3), looks=1) for _, picture, box in cases]
        elsewhere = []
        for k, picture in enumerate(held_out_windows(WINDOWS, seed=11)):
            elsewhere.append(proposals(finder, picture, None, looks=2))
            if largest_sums(elsewhere[-1:])[0] > finder.policy.accept_log_odds:
                cv2.imwrite(str(runs_folder() / f"evidence-{model}-{k}.png"), picture)
        whole, framed, empty = (largest_sums(found) for found in (on_faces, on_framed, elsewhere))
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
        threshold = finder.policy.accept_log_odds
        at_threshold = [100 * float((sums >= threshold).mean()) for sums in (whole, whole[masked], framed)]
        print(
            f"at the threshold of {threshold}: {(empty >= threshold).sum()} of {WINDOWS} windows, "
            f"{at_threshold[0]:.1f} % of the main faces, {at_threshold[1]:.1f} % of the mask set's, "
            f"{at_threshold[2]:.1f} % at 30 % of the frame's height"
        )
        print("weights by regression:", regression(on_faces + on_framed, elsewhere), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
