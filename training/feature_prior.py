"""The expression values of many faces: `python -m training.feature_prior` prints what
tracker/face/calibration.py starts from.

Near-frontal faces of the training fold: median, and the distance from it to the 2nd and 98th percentile, which is
about what a lively face reaches.
"""

from __future__ import annotations

import numpy as np

from tracker.face.features import NAMES, raw_features
from training import datasets
from training.tracked import tracked_faces

MAX_TURN_DEG = 15.0


def main() -> None:
    pack = datasets.load_faces()
    good = (pack.fold == datasets.TRAIN) & (pack["disagreement"] < 0.04) & (pack["native_px"] > 80)
    good &= (pack.source != "mask_on") & (pack.source != "cew_closed")
    rows = [
        raw_features(face.points)
        for face in tracked_faces(pack, np.flatnonzero(good))
        if np.abs(face.pose.euler_deg[:2]).max() <= MAX_TURN_DEG
    ]
    values = np.array(rows)
    # The two sides of many faces are the same; their difference is chance.
    low, middle, high = np.percentile(values, [2, 50, 98], axis=0)
    print(f"{len(rows)} faces")
    for name, a, b, c in zip(NAMES, low, middle, high, strict=True):
        print(f"{name:24s} neutral {b:7.3f}  down {b - a:6.3f}  up {c - b:6.3f}")


if __name__ == "__main__":
    main()
