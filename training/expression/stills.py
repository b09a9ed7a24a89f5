"""Renders through the whole tracker: `python -m training.expression.stills --renders ict-test-b makehuman-test`.

Each picture is shown as a still to a tracker that has just begun, and measured after `--frames` of them, with the
default smoothing and rest. Prints slope, offset and mean error of pitch, yaw and roll to 40 degrees, and r and mean
error of gaze, as they are and less what the same person's other stills are off by; what faces without expression are
said to do half a second after the start; what a smile does to mouth, lids and jaw; and openness of eyes that look down,
and how well it tells them from shut ones.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracker import Tracker
from tracker.look import look_angles
from tracker.rotations import euler_from_matrix
from tracker.types import Face
from training.expression.evaluate import BLINKS, false_answers, smile_pairs
from training.expression.metrics import area_under_curve, pearson, slope
from training.make_pose import family_nods
from training.manifest import MODELS_FOLDER
from training.synthetic.shards import RenderSet

FRAMES, HALF_A_SECOND = 30, 15
FPS = 30
BORDER_PX = 60
FARTHEST_DEG, GAZE_TURN_DEG = 40.0, 30.0
"""Of the head, for its own figures and for those of the gaze."""
SEEN = 0.4
"""Openness from which an eye's gaze can be seen."""
DOWN_DEG, NOT_BLINKING, SHUT = -15.0, 0.05, 0.9
AXES = ("pitch", "yaw", "roll")


@dataclass(frozen=True, eq=False)
class Measured:
    """N stills that were found. index: (N,) in the set. pose (N, 3) and gaze (N, 2) degrees, the mean of both eyes, to
    the subject's left and up. openness: (N, 2). coefficients: (N, 52). early: (N, 52), those of half a second."""

    index: np.ndarray
    pose: np.ndarray
    gaze: np.ndarray
    openness: np.ndarray
    coefficients: np.ndarray
    early: np.ndarray


class Stills:
    """Shows stills to one tracker that forgets everything in between."""

    def __init__(self, model: int, folder: Path, smoothing: float = 1.0) -> None:
        self._tracker = Tracker(model=model, model_dir=folder, max_faces=1, discard_after=0, smoothing=smoothing)
        self._now_s = 0.0

    def show(self, picture: np.ndarray, focal_px: float, frames: int) -> tuple[Face | None, Face | None]:
        """The face after half a second and after `frames` frames; the tracker's angle of view is the picture's."""
        # Its assumed focal length is the picture's width.
        beside = max(BORDER_PX, round(focal_px - picture.shape[1]) // 2)
        framed = cv2.copyMakeBorder(picture, BORDER_PX, BORDER_PX, beside, beside, cv2.BORDER_REPLICATE)
        nothing = np.zeros_like(framed)
        self._tracker._engine.reset_calibration()
        self._process(nothing)
        early = face = None
        for k in range(frames):
            face = self._process(framed)
            if k + 1 == min(HALF_A_SECOND, frames):
                early = face
        return early, face

    def _process(self, picture: np.ndarray) -> Face | None:
        self._now_s += 1 / FPS
        result = self._tracker.process(picture.astype(np.uint8, copy=False), self._now_s)
        return result.faces[0] if result.faces else None


def measure(renders: RenderSet, chosen: np.ndarray, stills: Stills, frames: int) -> Measured:
    """The renders `chosen`, those in which a face with pose and gaze was found."""
    rows = []
    for i in chosen:
        early, face = stills.show(renders.picture(i), float(renders["focal_px"][i]), frames)
        if face is None or early is None or face.pose is None or face.gaze is None or face.blendshapes is None:
            continue
        gaze = np.mean(look_angles(face.gaze), axis=0)
        rows.append((i, face.pose.euler_deg, gaze, face.eyes.openness, face.blendshapes, early.blendshapes))
    return Measured(*(np.array(part) for part in zip(*rows, strict=True)))


def report(renders: RenderSet, found: Measured) -> None:
    i = found.index
    truth = np.array([euler_from_matrix(rotation) for rotation in renders["rotation"][i].astype(np.float64)])
    nods = family_nods(renders)[renders["family"][i]]
    truth[:, 0] += nods
    print(f"  the family's straight ahead, {np.mean(nods):+.1f} deg in the reference head's frame, is taken off pitch")
    near, identity = (np.abs(truth) < FARTHEST_DEG).all(axis=1), renders["identity"][i]
    for k, axis in enumerate(AXES):
        gain, _, error = slope(truth[near, k], found.pose[near, k])
        off = found.pose[near, k] - truth[near, k]
        print(
            f"  {axis}: slope {gain:.3f}, offset {np.median(off):+.1f} deg, mean error {error:.1f} deg, "
            f"{own_zero_error(off, identity[near]):.1f} with each person's own zero ({near.sum()})"
        )
    seen = (renders["openness"][i].min(axis=1) > SEEN) & (np.abs(truth) < GAZE_TURN_DEG).all(axis=1)
    for k, axis in enumerate(("sideways", "up and down")):
        a, b = renders["gaze_deg"][i].mean(axis=1)[seen, k], found.gaze[seen, k]
        gain, _, error = slope(a, b)
        own = own_zero_error(b - a, identity[seen])
        print(
            f"  gaze {axis}: r {pearson(a, b):.3f}, mean error {error:.1f} deg, {own:.1f} with each person's own zero, "
            f"slope {gain:.2f}, offset {np.median(b - a):+.1f} deg ({seen.sum()})"
        )
    coefficients = renders["coefficients"][i].astype(np.float32)
    neutral = renders["neutral"][i]
    if neutral.any():
        share, most = false_answers(found.early[neutral])
        print(f"  at rest, half a second ({neutral.sum()}): {share:.1f} % say something above 0.3: {most}")
        pairs = smile_pairs(found.coefficients, coefficients, identity, neutral)
        print(f"  smiles +0.3 / false blink / false jaw: {pairs}")
    _lids(renders, found, coefficients[:, BLINKS].max(axis=1))


def own_zero_error(off: np.ndarray, identity: np.ndarray) -> float:
    """Mean error when each person's zero is known from their other stills; people seen once do not count.

    off: (N,) errors with their signs. identity: (N,).
    """
    _, person, seen = np.unique(identity, return_inverse=True, return_counts=True)
    several = seen[person] > 1
    others = (np.bincount(person, off)[person] - off)[several] / (seen[person][several] - 1)
    return float(np.abs(off[several] - others).mean()) if several.any() else float("nan")


def _lids(renders: RenderSet, found: Measured, blink: np.ndarray) -> None:
    i = found.index
    open_truth, openness = renders["openness"][i], found.openness.mean(axis=1)
    down = (renders["gaze_deg"][i, :, 1].mean(axis=1) < DOWN_DEG) & (blink < NOT_BLINKING)
    shut = renders["coefficients"][i][:, BLINKS].min(axis=1) > SHUT
    rest = (blink < NOT_BLINKING) & ~down
    for name, chosen in (("looking down", down), ("shut", shut), ("neither", rest)):
        if chosen.any():
            worst = np.quantile(openness[chosen], 0.9 if name == "shut" else 0.1)
            print(
                f"  openness {name} ({chosen.sum()}): mean {openness[chosen].mean():.2f}, worst tenth {worst:.2f}, "
                f"true lid gap {open_truth[chosen].mean():.2f}"
            )
    if down.sum() > 3 and shut.sum() > 3:
        print(f"  looking down told from shut by openness: AUC {area_under_curve(openness[down], openness[shut]):.3f}")
    eyes, true = found.openness.ravel(), np.clip(open_truth.ravel(), 0, 1)
    not_blinking = 1 - renders["coefficients"][i][:, BLINKS][:, ::-1].astype(np.float32).ravel()
    print(
        f"  openness: r {pearson(true, eyes):.3f} with the lid gap, {pearson(not_blinking, eyes):.3f} with 1 - eyeBlink"
    )


def chosen_of(renders: RenderSet, count: int, seed: int = 0) -> np.ndarray:
    """At most `count` renders, whole identities, so that each smile has its person's face at rest."""
    identities = np.random.default_rng(seed).permutation(np.unique(renders["identity"]))
    rows: list[int] = []
    for identity in identities:
        own = np.flatnonzero(renders["identity"] == identity)
        if len(rows) + len(own) > count:
            break
        rows += own.tolist()
    return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renders", nargs="+", required=True, help="names of rendered test sets, one family each")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--models", type=int, nargs="+", default=[3])
    parser.add_argument("--smoothing", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    for model in arguments.models:
        stills = Stills(model, arguments.folder, arguments.smoothing)
        for name in arguments.renders:
            renders = RenderSet([name])
            chosen = chosen_of(renders, arguments.count)
            found = measure(renders, chosen, stills, arguments.frames)
            print(f"{name}, model {model}: {len(found.index)} of {len(chosen)} found", flush=True)
            report(renders, found)


if __name__ == "__main__":
    main()
