"""Where people put the 66 points, told from the dense mesh of an automatic annotator.

The mesh is placed consistently but in a convention of its own; people annotate lips at their edge, brows along their
upper hair line and the jaw along the visible outline. A linear map in the eye line's frame, fitted on the training
fold of the faces that people annotated, turns one into the other: on the validation fold its points lie as near to
people's as a second person's would. All packs that carry a mesh are labelled through it, and lips that are closed in
the mesh are closed in the label, on dark skin as on light, which the packs' own labels are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tracker import topology as t
from training import datasets

RIDGE = 0.1
TRUST_WIDTH = 0.04
"""Faces on which people and the map differ by this much (of the outer-eye distance) count half."""
ROUNDS = 3
_EYE_CORNERS = (33, 263)
"""Outer corners of the right and the left eye in the mesh."""


@dataclass(frozen=True, slots=True, eq=False)
class _Frames:
    """Eye lines' frames of N faces: turns into them (N, 2, 2), origins (N, 1, 2) px, outer-eye distances (N, 1, 1)."""

    turn: np.ndarray
    origin: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, right: np.ndarray, left: np.ndarray) -> _Frames:
        """right, left: (N, 2) outer eye corners."""
        across = left - right
        length = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
        cos, sin = across[:, 0] / length, across[:, 1] / length
        turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
        return cls(turn, 0.5 * (right + left)[:, None], length[:, None, None])

    def enter(self, points: np.ndarray) -> np.ndarray:
        """(N, P, 2) px -> outer-eye distances, upright."""
        return np.einsum("nij,npj->npi", self.turn, points - self.origin) / self.length

    def leave(self, points: np.ndarray) -> np.ndarray:
        """The reverse of `enter`."""
        return np.einsum("nji,npj->npi", self.turn, points) * self.length + self.origin


def _features(mesh: np.ndarray) -> tuple[np.ndarray, _Frames]:
    """(N, 3 * 478) of the mesh (N, 478, 3) px, and the frames they are in."""
    frames = _Frames.of(mesh[:, _EYE_CORNERS[0], :2], mesh[:, _EYE_CORNERS[1], :2])
    flat = frames.enter(mesh[:, :, :2]).reshape(len(mesh), -1)
    depth = (mesh[:, :, 2] - mesh[:, :, 2].mean(axis=1, keepdims=True)) / frames.length[:, 0]
    return np.concatenate([flat, depth], axis=1), frames


@dataclass(frozen=True, slots=True, eq=False)
class Convention:
    """A ridge regression from meshes to people's points: `mean` and `weights` of the features, `typical` points."""

    mean: np.ndarray
    weights: np.ndarray
    typical: np.ndarray

    def points(self, mesh: np.ndarray) -> np.ndarray:
        """(N, 478, 3) px -> (N, 66, 2) float32 px."""
        features, frames = _features(mesh.astype(np.float64))
        upright = (features - self.mean) @ self.weights + self.typical
        return frames.leave(upright.reshape(len(mesh), t.N_LANDMARKS, 2)).astype(np.float32)


def fit(mesh: np.ndarray, people: np.ndarray) -> Convention:
    """mesh (N, 478, 3), people (N, 66, 2): the points people set on the same faces, all in pixels."""
    features, frames = _features(mesh.astype(np.float64))
    wanted = frames.enter(people.astype(np.float64)).reshape(len(mesh), -1)
    mean, typical = features.mean(axis=0), wanted.mean(axis=0)
    known, wanted = features - mean, wanted - typical
    trust = np.ones(len(mesh))
    for _ in range(ROUNDS):
        weighted = known * trust[:, None]
        weights = np.linalg.solve(weighted.T @ known + RIDGE * np.eye(known.shape[1]), weighted.T @ wanted)
        apart = np.linalg.norm((known @ weights - wanted).reshape(people.shape), axis=2).mean(axis=1)
        trust = 1 / (1 + (apart / TRUST_WIDTH) ** 2)
    return Convention(mean, weights, typical)


@cache
def load_convention() -> Convention:
    """Fitted on the training fold of the faces that people annotated; seconds."""
    pack = datasets.load_manual()
    mesh = datasets.load_annotated_mesh(pack)
    rows = np.flatnonzero((pack.fold == datasets.TRAIN) & np.isfinite(mesh[:, 0, 0]))
    return fit(mesh[rows], pack["lm68"][rows][:, t.IBUG_68])


def main() -> None:
    """`python -m training.landmarks.conventions`: how far the map's points are from people's on the validation fold."""
    pack = datasets.load_manual()
    mesh = datasets.load_annotated_mesh(pack)
    rows = np.flatnonzero((pack.fold == datasets.VALIDATION) & np.isfinite(mesh[:, 0, 0]))
    people = pack["lm68"][rows][:, t.IBUG_68]
    length = np.linalg.norm(people[:, t.LEFT_EYE_OUTER] - people[:, t.RIGHT_EYE_OUTER], axis=1)[:, None]
    apart = 100 * np.linalg.norm(load_convention().points(mesh[rows]) - people, axis=2) / length
    print(f"{len(rows)} faces, % of the outer-eye distance: inner 49 {apart[:, t.INNER_49].mean():.2f}", end=", ")
    print(f"jaw {apart[:, t.JAW].mean():.2f}")


if __name__ == "__main__":
    main()
