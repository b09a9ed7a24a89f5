"""How gaze and openness are mixed: `python -m training.eyes.looks --renders ict-c makehuman-b`.

Over people whom the eye network did not learn from, the last of each set, read through the tracker's stages. Prints
YAW_MIX and PITCH_MIX of `tracker.face.gaze_direction`, by least squares (both eyes' mean gaze is the truth, as they
move together), and EYE_WEIGHT, FACE_WEIGHT, BIAS of `tracker.face.openness`, by logistic regression on how far the lids
were closed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tracker.face.coefficients import BLINKS
from tracker.face.openness import MOST_LOG_ODDS
from training.eyes.readings import Readings, readings
from training.eyes.rendered import LEARNT_SHARE
from training.logistic import fitted_logistic
from training.manifest import MODELS_FOLDER

SEEN = 0.4
"""Openness from which an eye's gaze can be seen."""
TURN_DEG = 45.0
FIRST = LEARNT_SHARE + 0.01
"""Where in each set nobody is left from whom the eye network learnt; eyes are shared out, here pictures."""


def usable(found: Readings) -> np.ndarray:
    return (found.truth["openness"].min(axis=1) > SEEN) & (np.abs(found.pose) < TURN_DEG).all(axis=1)


def features(found: Readings) -> tuple[np.ndarray, np.ndarray]:
    """What yaw (N, 2) and pitch (N, 3) are mixed from."""
    head_yaw, head_pitch, seen_yaw, seen_pitch = found.looks.T
    return np.stack([head_yaw, seen_yaw], 1), np.stack([head_pitch, seen_pitch, np.ones_like(seen_pitch)], 1)


def fit(found: Readings) -> tuple[np.ndarray, np.ndarray]:
    """YAW_MIX and PITCH_MIX. Families count alike."""
    rows = usable(found)
    family = found.truth["family"][rows]
    weight = np.sqrt(1.0 / np.bincount(family)[family])[:, None]
    true = found.truth["gaze_deg"].mean(axis=1)[rows]
    mixes = []
    for known, target in zip(features(found), true.T, strict=True):
        mixes.append(np.linalg.lstsq(known[rows] * weight, target[:, None] * weight, rcond=None)[0][:, 0])
    return mixes[0], mixes[1]


def blink_weights(found: Readings) -> tuple[float, float, float]:
    """Of the eye network's log odds and of the landmark network's, and a constant."""
    eye, face = (log_odds(part.ravel()) for part in (found.eyes["blink"], found.coefficients[:, BLINKS]))
    truth = found.truth["coefficients"][:, BLINKS].astype(np.float64).ravel()
    eye_weight, face_weight, bias = fitted_logistic(np.stack([eye, face], 1), truth)
    return eye_weight, face_weight, bias


def log_odds(share: np.ndarray) -> np.ndarray:
    share = np.clip(share.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.clip(np.log(share / (1 - share)), -MOST_LOG_ODDS, MOST_LOG_ODDS)


def report(name: str, found: Readings, mixes: tuple[np.ndarray, np.ndarray]) -> None:
    rows = usable(found)
    true = found.truth["gaze_deg"].mean(axis=1)[rows]
    for k, (axis, known, mix) in enumerate(zip(("sideways", "up and down"), features(found), mixes, strict=True)):
        ways = {"in the head": known[rows, 0], "from the camera": known[rows, 1], "mixed": known[rows] @ mix}
        for way, said in ways.items():
            r, error = np.corrcoef(true[:, k], said)[0, 1], np.abs(said - true[:, k])
            slope, offset = np.polyfit(true[:, k], said, 1)[0], np.median(said - true[:, k])
            figures = f"r {r:.3f}, mean error {error.mean():.2f}, slope {slope:.2f}, offset {offset:+.1f}"
            print(f"{name} {axis}, {way}: {figures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", nargs="+", required=True, help="sets, both families; their last people are read")
    parser.add_argument("--test", nargs="*", default=[], help="sets to report on")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--network", default="eyes")
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    common = arguments.model, arguments.network, arguments.folder
    found = readings(arguments.renders, arguments.count, *common, first=FIRST)
    mixes = fit(found)
    for name, mix in zip(("YAW_MIX", "PITCH_MIX"), mixes, strict=True):
        print(f"{name} = ({', '.join(f'{weight:.3f}' for weight in mix)})")
    weights = ", ".join(f"{weight:.2f}" for weight in blink_weights(found))
    print(f"EYE_WEIGHT, FACE_WEIGHT, BIAS = {weights}")
    report("fitted on", found, mixes)
    for name in arguments.test:
        report(name, readings([name], arguments.count, *common), mixes)


if __name__ == "__main__":
    main()
