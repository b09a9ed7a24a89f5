"""Where a third annotator sees the points: a correction of the labels, learnt on the training fold.

The two annotators behind `lm66` and the one behind `fan68` (iBUG's convention, as people annotate photographs)
differ by more than noise: seen on people left out, pose and shape of a face explain a good part of it. That part is
added to the labels of every picture; what one picture alone says is not. Lid points follow the pose alone, because
the third annotator does not close lids, and the jaw is left as it is: there the conventions have little in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tracker import topology as t
from training import packs

SHARE = 0.75
"""How far the labels move: three quarters leave a sixteenth of the explained variance."""
RIDGE = 200.0
LARGEST_STEP = 0.06
"""No label moves further, of the outer-eye distance."""
OUTLYING = 3.0
"""Features beyond so many standard deviations are taken as that many: nothing is known about them."""
TRUST_WIDTH = 0.05
_LIDS = np.isin(t.INNER_49, [*t.RIGHT_EYE, *t.LEFT_EYE])


def _upright(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turns (N, 2, 2) into the eye line's frame, outer-eye distances (N,), centres (N, 1, 2)."""
    across = landmarks[:, t.LEFT_EYE_OUTER] - landmarks[:, t.RIGHT_EYE_OUTER]
    length = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
    cos, sin = across[:, 0] / length, across[:, 1] / length
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    return turn, length, landmarks[:, t.INNER_49].mean(axis=1, keepdims=True)


def _features(landmarks: np.ndarray, mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the pose (N, 7), and of pose and shape (N, 139)."""
    eyes = mesh[:, 473] - mesh[:, 468]
    down = mesh[:, 10] - mesh[:, 152]
    yaw = -eyes[:, 2] / np.maximum(np.linalg.norm(eyes, axis=1), 1e-3)
    pitch = down[:, 2] / np.maximum(np.linalg.norm(down, axis=1), 1e-3)
    pose = np.stack([yaw, pitch, yaw**2, pitch**2, yaw * pitch, np.abs(yaw), yaw**3], axis=1)
    turn, length, centre = _upright(landmarks)
    shape = np.einsum("nij,npj->npi", turn, landmarks - centre) / length[:, None, None]
    return pose, np.concatenate([pose, shape.reshape(len(shape), -1)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A ridge regression: features, standardised and bounded, times `weights`, without the constant part."""

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    @classmethod
    def to(cls, features: np.ndarray, wanted: np.ndarray, trust: np.ndarray) -> Fit:
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        known = np.c_[(features - mean) / spread, np.ones(len(features))]
        ridge = RIDGE * np.eye(known.shape[1])
        ridge[-1, -1] = 0
        weights = np.linalg.solve(known.T @ (known * trust[:, None]) + ridge, known.T @ (wanted * trust[:, None]))
        return cls(mean, spread, weights[:-1])

    def predict(self, features: np.ndarray) -> np.ndarray:
        return np.clip((features - self.mean) / self.spread, -OUTLYING, OUTLYING) @ self.weights


@dataclass(frozen=True, slots=True, eq=False)
class Convention:
    """Moves labels towards the third annotator's. Constant offsets are left out: they say nothing."""

    of_pose: Fit
    of_shape: Fit

    def correct(self, landmarks: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """landmarks (N, 66, 2) px and mesh (N, 478, 3) px of the same faces -> corrected landmarks."""
        pose, shape = _features(landmarks.astype(np.float64), mesh.astype(np.float64))
        step = self.of_shape.predict(shape).reshape(-1, len(t.INNER_49), 2)
        step[:, _LIDS] = self.of_pose.predict(pose).reshape(step.shape)[:, _LIDS]
        step *= SHARE
        far = np.linalg.norm(step, axis=2, keepdims=True)
        step *= np.minimum(1, LARGEST_STEP / np.maximum(far, 1e-9))
        turn, length, _ = _upright(landmarks.astype(np.float64))
        corrected = landmarks.astype(np.float32)
        corrected[:, t.INNER_49] += (np.einsum("nji,npj->npi", turn, step) * length[:, None, None]).astype(np.float32)
        return corrected


def fit(landmarks: np.ndarray, mesh: np.ndarray, third: np.ndarray) -> Convention:
    """landmarks (N, 66, 2), mesh (N, 478, 3), third: the same 66 points by the third annotator, all in pixels."""
    turn, length, _ = _upright(landmarks.astype(np.float64))
    apart = (third - landmarks)[:, t.INNER_49]
    wanted = np.einsum("nij,npj->npi", turn, apart) / length[:, None, None]
    typical = np.linalg.norm(wanted - np.median(wanted, axis=0), axis=2).mean(axis=1)
    trust = 1 / (1 + (typical / TRUST_WIDTH) ** 2)
    pose, shape = _features(landmarks.astype(np.float64), mesh.astype(np.float64))
    flat = wanted.reshape(len(wanted), -1)
    return Convention(Fit.to(pose, flat, trust), Fit.to(shape, flat, trust))


@cache
def load_convention() -> Convention:
    """Fitted on the training fold's pictures that the third annotator has seen; seconds."""
    pack = packs.load_faces()
    third = pack["fan68"].astype(np.float32)
    rows = np.flatnonzero(np.isfinite(third).all(axis=(1, 2)) & (pack.fold == packs.TRAIN))
    return fit(pack["lm66"][rows], packs.load_mesh(pack)[rows], third[rows][:, t.IBUG_68])


def main() -> None:
    """`python -m training.landmarks.conventions`: cross-validated over people of fold 0, and on fold 1."""
    pack = packs.load_faces()
    every_third, every_mesh = pack["fan68"].astype(np.float32), packs.load_mesh(pack)
    seen = np.isfinite(every_third).all(axis=(1, 2))
    rows = np.flatnonzero(seen & (pack.fold == packs.TRAIN))
    labels, mesh, third = pack["lm66"][rows], every_mesh[rows], every_third[rows][:, t.IBUG_68]
    people, person = np.unique(pack["person"][rows], return_inverse=True)
    part = np.random.default_rng(0).integers(0, 5, len(people))[person]
    corrected = labels.copy()
    for k in range(5):
        left_out = part == k
        convention = fit(labels[~left_out], mesh[~left_out], third[~left_out])
        corrected[left_out] = convention.correct(labels[left_out], mesh[left_out])
    for name, points in (("as they are", labels), ("corrected", corrected)):
        print(f"labels {name}: {_apart(points, third):.2f} % from the third annotator's points")
    rows = np.flatnonzero(seen & (pack.fold == packs.VALIDATION))
    corrected = load_convention().correct(pack["lm66"][rows], every_mesh[rows])
    apart = _apart(corrected, every_third[rows][:, t.IBUG_68])
    print(
        f"labels of fold 1, corrected: {apart:.2f} %, which is what a network without any error of its own would have"
    )


def _apart(points: np.ndarray, third: np.ndarray) -> float:
    """Mean distance of (N, 66, 2) points from the third annotator's, % of the outer-eye distance, offsets removed."""
    turn, length, _ = _upright(third.astype(np.float64))
    apart = np.einsum("nij,npj->npi", turn, (points - third)[:, t.INNER_49]) / length[:, None, None]
    apart -= np.median(apart, axis=0)
    return 100 * float(np.linalg.norm(apart, axis=2).mean())


if __name__ == "__main__":
    main()
