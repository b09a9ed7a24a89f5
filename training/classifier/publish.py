"""Calibrate the trained classifier on held-out scenes of fold 0 and write models/classifier.onnx.

`python -m training.classifier.publish`
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from tracker.face.classifier import MARGIN
from tracker.face.crop import crop_around_box, cut
from tracker.face.detector import Detector
from tracker.face.networks import ModelStore
from training.classifier.data import held_out_windows
from training.classifier.network import CROP_PX, FaceClassifier, ShiftedVerifier
from training.classifier.train import NAME, as_tensor
from training.export import export_network
from training.manifest import MODELS_FOLDER
from training.photometric import Picture
from training.run import load_average

SHAPE = (2, CROP_PX, CROP_PX, 3)
FALSE_SHARE = 1 / 300
"""Share of face-free windows in which a proposal may reach log odds of zero: with the detector's odds and a second look
after the landmarks have placed the crop, a small part of them is left."""
DETECTION_THRESHOLD = 0.6


def window_crops(count: int, folder: Path) -> list[list[Picture]]:
    """Per face-free held-out window, the crops of what the detector proposes in it."""
    detector = Detector(ModelStore(folder).load("detector"))
    crops = []
    for picture in held_out_windows(count, seed=31):
        found = detector.detect(picture, DETECTION_THRESHOLD, 6)
        crops.append([cut(picture, crop_around_box(c.detection.box, c.roll, MARGIN), CROP_PX) for c in found])
    return crops


@torch.no_grad()
def logits(classifier: torch.nn.Module, pictures: list[Picture]) -> np.ndarray:
    """The mean logit of each crop and its mirror image."""
    x = as_tensor(pictures)
    both: torch.Tensor = (classifier(x) + classifier(x.flip(3))) / 2
    return both.numpy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=4000, help="face-free windows to calibrate on")
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    classifier = FaceClassifier()
    _, trained = load_average(NAME, classifier)
    best = np.array(
        [logits(classifier, crops).max() if crops else -np.inf for crops in window_crops(args.windows, args.folder)]
    )
    cut_at = float(np.sort(best)[::-1][int(FALSE_SHARE * args.windows)])
    file = export_network(
        ShiftedVerifier(classifier, shift=-cut_at),
        NAME,
        SHAPE,
        kind="classifier",
        folder=args.folder,
        outputs=("odds",),
        dynamic_axes={"image": {0: "crops"}, "odds": {0: "crops"}},
        extra={
            "crop": f"upright square, side {MARGIN} times the longer side of the box around the 66 points",
            "data": "crops of fold 0 of scenes-0 and faces-0..3 around the detector's proposals, renders, "
            "drawn no-faces; a tenth of the scenes held out",
            "command": "training.classifier.data, training.classifier.train, python -m training.mix classifier, "
            "python -m training.classifier.publish",
            "trained": {**trained, "logit_shift": round(-cut_at, 3), "share_of_windows_at_zero": round(FALSE_SHARE, 5)},
        },
    )
    print(file, trained, f"cut {cut_at:.3f}; proposals in {np.isfinite(best).mean():.1%} of the windows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
