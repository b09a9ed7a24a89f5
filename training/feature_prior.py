"""The expression values of many faces: `python -m training.feature_prior` prints what
tracker/face/calibration.py starts from.

Near-frontal faces of the training fold, labels instead of a network's answer: median, and the distance from it
to the 2nd and 98th percentile, which is about what a lively face reaches.
"""

from __future__ import annotations

import numpy as np

from tracker.face.features import NAMES, raw_features
from tracker.face.head import REFERENCE_HEAD
from tracker.face.points3d import lift, normalise
from tracker.face.pose import Camera, PoseSolver
from tracker.types import Landmarks
from training import packs

MAX_TURN_DEG = 15.0


def main() -> None:
    pack = packs.load_faces()
    good = (pack.fold == packs.TRAIN) & (pack["disagreement"] < 0.04) & (pack["native_px"] > 80)
    good &= (pack.source != "mask_on") & (pack.source != "cew_closed")
    rows = []
    for i in np.flatnonzero(good):
        xy = pack["lm66"][i].astype(np.float64)
        height, width = pack.pixels.shape[i]
        camera = Camera(int(width), int(height), 4.0 * width)
        pose = PoseSolver().solve(Landmarks(xy, np.ones(66)), REFERENCE_HEAD, camera)
        if pose is None or np.abs(pose.euler_deg[:2]).max() > MAX_TURN_DEG:
            continue
        rows.append(raw_features(normalise(lift(xy, xy[[36, 45]], pose, REFERENCE_HEAD, camera))))
    values = np.array(rows)
    # The two sides of many faces are the same; their difference is chance.
    low, middle, high = np.percentile(values, [2, 50, 98], axis=0)
    print(f"{len(rows)} faces")
    for name, a, b, c in zip(NAMES, low, middle, high, strict=True):
        print(f"{name:24s} neutral {b:7.3f}  down {b - a:6.3f}  up {c - b:6.3f}")


if __name__ == "__main__":
    main()
