"""Head and gaze on renders: `python -m training.expression.head --renders makehuman-test --count 150`.

Every picture is a still for a tracker of its own, without smoothing, told the render's angle of view. Prints slope,
offset and mean error of pitch, yaw and roll to 40 degrees, and r and mean error of gaze sideways and up and down.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tracker import Tracker
from tracker.rotations import euler_from_matrix
from tracker.types import Face
from training.expression.metrics import pearson, slope
from training.manifest import MODELS_FOLDER

FRAMES = 3
BORDER = 0.35
"""Of the picture, repeated around it: a tracker expects a face within a frame."""
FARTHEST_DEG = 40.0
AXES = ("pitch", "yaw", "roll")


def track(picture: np.ndarray, focal_px: float, model: int, folder: Path) -> Face | None:
    """The face of one still."""
    border = round(BORDER * max(picture.shape[:2]))
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE).astype(np.uint8)
    fov = float(np.degrees(2 * np.arctan(framed.shape[1] / 2 / focal_px)))
    with Tracker(model=model, max_faces=1, smoothing=0, fov_deg=min(fov, 120.0), model_dir=folder) as tracker:
        for _ in range(FRAMES):
            result = tracker.process(framed)
    return result.faces[0] if result.faces else None


def gaze_angles(face: Face) -> np.ndarray:
    """(2,) yaw, + to the subject's left, and pitch, + up, in the head's frame, degrees: the mean of both eyes."""
    assert face.gaze is not None
    x, y, z = (face.gaze / np.linalg.norm(face.gaze, axis=1, keepdims=True)).mean(axis=0)
    return np.degrees([np.arctan2(x, abs(z)), np.arctan2(y, np.hypot(x, z))])


def evaluate(name: str, count: int, model: int, folder: Path) -> None:
    from training.synthetic.shards import RenderSet

    renders = RenderSet([name])
    chosen = np.random.default_rng(0).permutation(len(renders))[:count]
    angles, truth, gazes, true_gazes = [], [], [], []
    for i in chosen:
        face = track(renders.picture(i), float(renders["focal_px"][i]), model, folder)
        if face is None or face.pose is None:
            continue
        angles.append(face.pose.euler_deg)
        truth.append(euler_from_matrix(renders["rotation"][i].astype(np.float64)))
        seen = renders["openness"][i].min() > 0.5
        gazes.append(gaze_angles(face) if face.gaze is not None and seen else np.full(2, np.nan))
        true_gazes.append(renders["gaze_deg"][i].mean(axis=0))
    found, true = np.array(angles), np.array(truth)
    print(f"{name}, model {model}: {len(found)} of {len(chosen)} found")
    for k, axis in enumerate(AXES):
        near = (np.abs(true) < FARTHEST_DEG).all(axis=1) & (np.abs(found[:, k] - true[:, k]) < 90)
        gain, offset, error = slope(true[near, k], found[near, k])
        print(f"  {axis}: slope {gain:.3f}, offset {offset:+.1f} deg, mean error {error:.1f} deg ({near.sum()})")
    gaze, true_gaze = np.array(gazes), np.array(true_gazes)
    open_eyes = np.isfinite(gaze[:, 0])
    for k, axis in enumerate(("sideways", "up and down")):
        a, b = true_gaze[open_eyes, k], gaze[open_eyes, k]
        sign = 1 if pearson(a, b) > 0 else -1
        error = float(np.abs(sign * b - a).mean())
        print(f"  gaze {axis}: r {abs(pearson(a, b)):.2f}, mean error {error:.1f} deg ({len(a)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", nargs="+", required=True)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    arguments = parser.parse_args()
    for name in arguments.renders:
        evaluate(name, arguments.count, arguments.model, arguments.folder)


if __name__ == "__main__":
    main()
