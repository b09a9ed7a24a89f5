"""Measure models/detector.onnx on fold 1, through the tracker's own code: `python -m training.detector.evaluate`.

Found: a detection with an intersection over union of at least 0.5 with the box around the main face's landmarks.
False faces: detections in windows that miss every face enlarged by half; pictures of them go to the runs folder.
Both also for what the tracker makes of them: it believes a detection only when classifier and landmarks confirm it.
`--part tracker` measures only that, for instance after the landmark networks have changed, `--part held` the whole
tracker over some frames of a still, and `--part detector` the detector alone. `--folder` measures other
networks than those of models/, and writes into the manifest there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from tracker.face.detector import FINE_WIDTH, Detector, intersection_over_union
from tracker.face.networks import ModelStore
from training.datasets import VALIDATION, runs_folder
from training.detector.cases import CONDITIONS, RELATIVE_HEIGHTS, Box, in_frame, main_faces, windows
from training.detector.tracked import (
    CONFIRMING,
    THRESHOLD,
    WINDOWS,
    Case,
    classifier_figures,
    false_figures,
    found_figures,
    held_figures,
    make_finder,
    rolled_figures,
)
from training.manifest import MODELS_FOLDER, update_quality
from training.photometric import Picture

NAME = "detector"
FINE_WINDOWS = 2000
ROLLS = (0, 20, -20, 45, -45, 90, -90, 180)


def found_share(detector: Detector, cases: list[tuple[Picture, Box]]) -> float:
    """Share of the faces that were found, in percent."""
    hits = 0
    for picture, box in cases:
        found = detector.detect(picture, THRESHOLD, 8)
        hits += any(intersection_over_union(box, candidate.detection.box) >= 0.5 for candidate in found)
    return round(100 * hits / max(len(cases), 1), 2)


def false_faces(detector: Detector, label: str, count: int) -> int:
    """How many of `count` fold-1 windows hold a detection; pictures of the first of them are saved."""
    hits = []
    for picture in windows(VALIDATION, count):
        found = detector.detect(picture, THRESHOLD, 4)
        if found:
            shown = cv2.resize(picture, (320, 240)).astype(np.uint8, copy=False)
            across, down = 320 / picture.shape[1], 240 / picture.shape[0]
            for candidate in found:
                x, y, w, h = candidate.detection.box
                corner = (round((x + w) * across), round((y + h) * down))
                cv2.rectangle(shown, (round(x * across), round(y * down)), corner, (0, 255, 0), 1)
                cv2.putText(shown, f"{candidate.detection.score:.2f}", (4, 14), 0, 0.5, (0, 255, 255), 1)
            hits.append(shown)
    for k in range(0, min(len(hits), 120), 24):
        page = hits[k : k + 24] + [np.zeros((240, 320, 3), np.uint8)] * (-len(hits[k : k + 24]) % 6)
        rows = [np.hstack(page[j : j + 6]) for j in range(0, len(page), 6)]
        cv2.imwrite(str(runs_folder() / f"false-faces-{label}-{k // 24}.png"), np.vstack(rows))
    return len(hits)


def detector_figures(detector: Detector, cases: list[Case]) -> dict[str, object]:
    """What the detector proposes on main faces and in windows without any."""
    figures: dict[str, object] = {}
    for source in ("uda", "mask", ""):
        chosen = [(picture, box) for where, picture, box in cases if source in where]
        figures[f"main faces found, % ({source or 'all'})"] = found_share(detector, chosen)
    overlaps = []
    for _, picture, box in cases:
        best = [intersection_over_union(box, c.detection.box) for c in detector.detect(picture, THRESHOLD, 8)]
        overlaps.append(max(best, default=0.0))
    figures["mean IoU of the found"] = round(float(np.mean([v for v in overlaps if v >= 0.5])), 3)
    figures["false faces, windows"] = WINDOWS
    figures["false faces, windows with any"] = false_faces(detector, "fast", WINDOWS)
    return figures


def hard_figures(detector: Detector, fine: Detector, cases: list[Case]) -> dict[str, object]:
    """Sizes, light, blur, and the fine scan."""
    plain = [(picture, box) for _, picture, box in cases]
    figures: dict[str, object] = {}
    for relative in RELATIVE_HEIGHTS:
        key = f"found at {relative:.0%} of the frame's height, %"
        framed = [in_frame(picture, box, relative) for picture, box in plain]
        figures[key] = found_share(detector, framed)
        figures[f"{key} (fine)"] = found_share(fine, framed)
    for name, change in CONDITIONS.items():
        rng = np.random.default_rng(7)
        figures[f"found in {name}, %"] = found_share(detector, [(change(p, b, rng), b) for p, b in plain])
    figures["false faces, windows (fine)"] = FINE_WINDOWS
    figures["false faces, windows with any (fine)"] = false_faces(fine, "fine", FINE_WINDOWS)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--part", choices=("detector", "tracker", "held"), help="the detector alone, or what is made of it"
    )
    parser.add_argument("--models", type=int, nargs="+", default=list(CONFIRMING))
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    network = ModelStore(args.folder).load(NAME)
    detector = Detector(network)
    cases = list(main_faces(VALIDATION))
    figures: dict[str, object] = {"fold": 1, "threshold": THRESHOLD}
    if args.part in (None, "detector"):
        figures |= detector_figures(detector, cases)
        figures |= hard_figures(detector, Detector(network, FINE_WIDTH), cases)
    if args.part in (None, "tracker"):
        of_classifier = classifier_figures(detector, cases, args.folder)
        update_quality("classifier", {"fold": 1, **of_classifier}, args.folder)
        for key, value in of_classifier.items():
            print(f"classifier: {key:50s} {value}")
        finders = {model: make_finder(model, detector, args.folder) for model in args.models}
        figures |= found_figures(finders, cases)
        figures |= false_figures(finders)
        for degrees in ROLLS:
            figures |= rolled_figures(detector, finders, degrees)
    if args.part in (None, "held"):
        for model in args.models:
            figures |= held_figures(model, cases, args.folder)
    for key, value in figures.items():
        print(f"{key:60s} {value}")
    update_quality(NAME, figures, args.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
