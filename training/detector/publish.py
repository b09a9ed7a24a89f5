"""Calibrate the trained detector on fold 0 and write models/detector.onnx: `python -m training.detector.publish`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from training.datasets import TRAIN
from training.detector.cases import main_faces, windows
from training.detector.data import Sample
from training.detector.network import DecodedDetector, Detector
from training.detector.tracked import THRESHOLD
from training.detector.train import NAME, as_tensor
from training.export import export_network
from training.manifest import MODELS_FOLDER
from training.photometric import Picture
from training.run import load_average

SHAPE = (1, 160, 256, 3)
PROPOSED_SHARE = 0.2
"""Share of face-free windows in which something may reach the threshold, for the classifier to reject."""


def letterboxed(picture: Picture, long_side: int = 256) -> Picture:
    """Scaled so that the longer side is `long_side`, black below and at right up to multiples of 32."""
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.zeros((-(-size[1] // 32) * 32, -(-size[0] // 32) * 32, 3), np.uint8)
    out[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=method)
    return out


@torch.no_grad()
def best_logit(detector: torch.nn.Module, picture: Picture) -> float:
    """The largest logit in the picture."""
    out: torch.Tensor = detector(as_tensor([Sample(letterboxed(picture))]))
    return float(out[:, 0].max())


def calibrate(detector: torch.nn.Module, count: int) -> tuple[float, dict[str, float]]:
    """The logit of the threshold, and the figures behind it.

    The tracker takes detections as proposals and lets the classifier decide, so finding all comes first. The faces of
    the training scenes say nothing about the threshold, since all of them reach it.
    """
    empty = np.array([best_logit(detector, picture) for picture in windows(TRAIN, count, seed=6)])
    faces = np.array(
        [best_logit(detector, picture) for n, (_, picture, _) in enumerate(main_faces(TRAIN)) if n % 5 == 0]
    )
    cut = float(np.quantile(empty, 1 - PROPOSED_SHARE))
    return cut, {
        "fold_0_false_share_at_threshold": round(float(np.mean(empty >= cut)), 6),
        "fold_0_main_share_at_threshold": round(float(np.mean(faces >= cut)), 4),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=2000, help="face-free windows to count proposals in")
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    detector = Detector()
    _, trained = load_average(NAME, detector)
    cut, facts = calibrate(detector, args.windows)
    shift = float(np.log(THRESHOLD / (1 - THRESHOLD))) - cut
    file = export_network(
        DecodedDetector(detector, shift=shift),
        NAME,
        SHAPE,
        kind="detector",
        folder=args.folder,
        outputs=("scores", "boxes", "roll"),
        dynamic_axes={
            "image": {1: "height", 2: "width"},
            "scores": {1: "rows", 2: "columns"},
            "boxes": {2: "rows", 3: "columns"},
            "roll": {2: "rows", 3: "columns"},
        },
        extra={
            "stride": 8,
            "multiple_of": 32,
            "letterbox": "longer side scaled to 256 (640 for the fine scan), black at right and below",
            "boxes": "x, y, width, height of the box around the 66 points, input pixels",
            "roll": "cosine and sine of the eye line, right outer corner to left outer corner",
            "data": "fold 0 of scenes-0 and faces-0..3, renders, composites, made-up backgrounds, drawn no-faces",
            "command": "python -m training.detector.train, python -m training.mix detector, "
            "python -m training.detector.publish",
            "trained": {**trained, "logit_shift": round(shift, 3), **facts},
        },
    )
    print(file, trained, f"cut {cut:.3f}", facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
