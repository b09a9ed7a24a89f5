"""Write tracker/face/pose_correction.npz: how the points of landmark networks say pitch and yaw.

Reads renders as the tracker does, by each network, and fits `tracker.face.pose_correction` to their exact poses: ridge
regression, then hidden units for what that leaves, both families of heads alike, each render also mirrored. Regression
draws to the mean; by how much is measured on identities left out and undone, so that a nod is read in full.

What "straight ahead" means is each family's own choice; they differ by ten degrees of pitch. Both are turned to the
reference head's, in which their exact points lie without an offset.

    python -m training.make_pose --renders ict-b ict-c makehuman-a makehuman-b
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from tracker import topology
from tracker.face.crop import crop_around
from tracker.face.eyes import EyeReader
from tracker.face.head import REFERENCE_HEAD
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from tracker.face.pose import PoseSolver
from tracker.face.pose_correction import ASSET, N_FEATURES, N_HIDDEN, N_POINTS, pose_features
from tracker.intrinsics import CameraIntrinsics
from tracker.rotations import euler_from_matrix
from tracker.types import Landmarks
from training.manifest import MODELS_FOLDER
from training.synthetic.shards import RenderSet
from training.synthetic.truth import FAMILIES

RIDGE = 1.0
FOLDS = 2
ROUNDS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 40, 128, 3e-3, 0.1
"""Of the hidden units: how often they see every render."""
TINY = 1e-9
STEP_DEG, NOISE = 5.0, 0.05
"""What hidden units begin to add, and how far features are moved, in their standard deviations, while they learn."""
NEAR_DEG = 40.0
MAX_PITCH_DEG, MAX_YAW_DEG = 50.0, 65.0
EXACT = 150
"""So many renders of a family tell where its "straight ahead" lies."""


@dataclass(frozen=True, eq=False)
class Views:
    """N renders: points (N, 66, 2) as a network read them, angles (N, 2) true pitch and yaw, distance (N,), identity
    (N,), weight (N,)."""

    points: np.ndarray
    angles: np.ndarray
    distance: np.ndarray
    identity: np.ndarray
    weight: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Views:
        return Views(*(values[chosen] for values in vars(self).values()))

    def with_mirrored(self, width: int) -> Views:
        """Each render also as a mirror shows it."""
        points = self.points[:, topology.MIRROR] * [-1, 1] + [width - 1, 0]
        mirrored = Views(points, self.angles * [1, -1], self.distance, self.identity, self.weight)
        pairs = zip(vars(self).values(), vars(mirrored).values(), strict=True)
        return Views(*(np.concatenate(pair) for pair in pairs))


def family_nods(renders: RenderSet) -> np.ndarray:
    """(families,) degrees by which each family's "straight ahead" nods in the reference head's frame.

    As the solver finds it from exact points; add it to a family's true pitch. NaN without renders of a family.
    """
    nods, size = np.full(len(FAMILIES), np.nan), renders.picture(0).shape[0]
    for family in range(len(FAMILIES)):
        own = np.flatnonzero(renders["family"] == family)
        offsets = []
        for i in own[:: max(1, len(own) // EXACT)]:
            truth = euler_from_matrix(renders["rotation"][i].astype(np.float64))
            camera = CameraIntrinsics(size, size, float(renders["focal_px"][i]))
            points = Landmarks(renders["points"][i, :66].astype(np.float32), np.ones(66, np.float32))
            pose = PoseSolver().solve(points, REFERENCE_HEAD, camera)
            if pose is not None and np.abs(truth).max() < NEAR_DEG:
                offsets.append(pose.euler_deg[0] - truth[0])
        if offsets:
            nods[family] = np.median(offsets)
    return nods


def read(
    renders: RenderSet, chosen: np.ndarray, readers: dict[str, LandmarkReader], eyes: EyeReader, seed: int = 0
) -> dict[str, Views]:
    """The renders `chosen` as each network and the eye network read them, cut out around a last frame's points."""
    rng = np.random.default_rng(seed)
    nods = family_nods(renders)
    print(f"straight ahead nods by {', '.join(f'{f} {n:+.1f}' for f, n in zip(FAMILIES, nods, strict=True))} deg")
    points: dict[str, list[np.ndarray]] = {name: [] for name in readers}
    angles = []
    for i in chosen:
        picture, truth = renders.picture(i), renders["points"][i, :66]
        apart = np.ptp(truth[:, 0])
        box = crop_around(truth + rng.normal(0, 0.02 * apart, 2))
        for name, reader in readers.items():
            xy = reader.read(picture, box).xy
            points[name].append(eyes.read(picture, xy).refine(xy))
        pitch, yaw, _ = euler_from_matrix(renders["rotation"][i].astype(np.float64))
        angles.append((pitch + nods[renders["family"][i]], yaw))
    family = renders["family"][chosen]
    weight = 1.0 / np.bincount(family, minlength=len(FAMILIES))[family]
    distance, identity = renders["translation"][chosen, 2].astype(np.float64), renders["identity"][chosen]
    identity = identity * len(FAMILIES) + family
    return {
        name: Views(np.array(found), np.array(angles), distance, identity, weight) for name, found in points.items()
    }


def usable(views: Views) -> Views:
    near = (np.abs(views.angles) < (MAX_PITCH_DEG, MAX_YAW_DEG)).all(axis=1)
    return views[near]


def features(views: Views) -> np.ndarray:
    """(N, 99) what the map takes of them."""
    pairs = zip(views.points, views.distance.tolist(), strict=True)
    return np.stack([pose_features(xy, distance) for xy, distance in pairs])


def _ridge(known: np.ndarray, true: np.ndarray, weight: np.ndarray) -> np.ndarray:
    gram = known.T @ (known * weight[:, None]) + RIDGE * np.eye(known.shape[1])
    return np.linalg.solve(gram, known.T @ (true * weight[:, None])).T


def fit(known: np.ndarray, true: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (2, 99 + 32) of the features and the hidden units, not yet as large as the angles, and those of the
    features in the hidden units (32, 99), from features (N, 99), angles (N, 2) and how much each counts (N,)."""
    weight = weight / weight.mean()
    linear = _ridge(known, true, weight)
    middle, scale = known.mean(axis=0), known.std(axis=0)
    middle[0] = 0.0  # the constant
    scale[scale < TINY] = 1.0
    with torch.random.fork_rng():
        torch.manual_seed(1)
        hidden = _learnt((known - middle) / scale, true - known @ linear.T, weight)
    within, without = (part.astype(np.float64) for part in hidden)
    within = within / scale
    within[:, 0] -= within[:, 1:] @ middle[1:]
    return np.concatenate([linear, without], axis=1), within


def mirrored_features(known: Any) -> Any:
    """Features (N, 99), an array or a tensor, of the same faces as a mirror shows them."""
    points = 2 * topology.MIRROR[:N_POINTS, None] + [0, 1]
    places = np.concatenate([[0, 1, 2], 3 + points.ravel()])
    signs = np.concatenate([[1, -1, 1], np.tile([-1, 1], N_POINTS)]).astype(np.float32)
    return known[:, places] * (torch.from_numpy(signs) if isinstance(known, torch.Tensor) else signs)


def _learnt(known: np.ndarray, left: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (32, 99) within and (2, 32) without, that tell what is `left` (N, 2) from standardised features.

    Half of the units see the face as it is, half the same in a mirror: pitch is told by their sum, yaw by their
    difference.
    """
    x, y, counts = (torch.from_numpy(part.astype(np.float32)) for part in (known, left / STEP_DEG, weight))
    within = nn.Linear(N_FEATURES, N_HIDDEN // 2, bias=False)
    pitch, yaw = (nn.Linear(N_HIDDEN // 2, 1, bias=False) for _ in range(2))
    parameters = [*within.parameters(), *pitch.parameters(), *yaw.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = ROUNDS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, steps)
    for _ in range(ROUNDS):
        for rows in torch.randperm(len(x)).split(BATCH):
            moved = x[rows] + NOISE * torch.randn(len(rows), N_FEATURES)
            seen, turned = torch.tanh(within(moved)), torch.tanh(within(mirrored_features(moved)))
            found = torch.cat([pitch(seen + turned), yaw(seen - turned)], dim=1)
            off = nn.functional.smooth_l1_loss(found, y[rows], reduction="none")
            optimiser.zero_grad()
            (off.mean(1) * counts[rows]).mean().backward()
            optimiser.step()
            schedule.step()
    inner, up, aside = (part.weight.detach().numpy() for part in (within, pitch, yaw))
    both = np.concatenate([np.concatenate([up, up], axis=1), np.concatenate([aside, -aside], axis=1)])
    return np.concatenate([inner, mirrored_features(inner)]), STEP_DEG * both


def predict(weights: tuple[np.ndarray, np.ndarray], known: np.ndarray) -> np.ndarray:
    """(N, 2) pitch and yaw."""
    both, within = weights
    return np.concatenate([known, np.tanh(known @ within.T)], axis=1) @ both.T


def slopes(found: np.ndarray, views: Views) -> np.ndarray:
    """(2,) degrees read for a degree of pitch and of yaw."""
    near = (np.abs(views.angles) < NEAR_DEG).all(axis=1)
    weight = np.sqrt(views.weight[near])
    return np.array([np.polyfit(views.angles[near, k], found[near, k], 1, w=weight)[0] for k in range(2)])


def fitted(views: Views, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of `fit`, at full size."""
    views = usable(views)
    both = views.with_mirrored(width)
    known, mirrored = features(both), len(views.points)
    found, fold = np.empty_like(both.angles), both.identity // len(FAMILIES) % FOLDS
    for k in range(FOLDS):
        out = fold == k
        found[out] = predict(fit(known[~out], both.angles[~out], both.weight[~out]), known[out])
    gain = slopes(found[:mirrored], views)
    error = np.abs(found[:mirrored] / gain - views.angles).mean(axis=0)
    print(f"  left out: slopes {np.round(gain, 3)}, mean errors at full size {np.round(error, 2)} deg", flush=True)
    weights, within = fit(known, both.angles, both.weight)
    return weights / gain[:, None], within


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renders", nargs="+", required=True, help="names of rendered training sets, both families")
    parser.add_argument("--count", type=int, default=5000, help="renders to read (default %(default)s)")
    parser.add_argument("--models", type=int, nargs="+", default=list(range(-3, 4)))
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    renders = RenderSet(arguments.renders)
    chosen = np.sort(np.random.default_rng(1).permutation(len(renders))[: arguments.count])
    store = ModelStore(arguments.folder)
    names = [f"landmarks_{model}" for model in arguments.models]
    readers = {name: LandmarkReader(store.load(name)) for name in names}
    views = read(renders, chosen, readers, EyeReader(store.load("eyes")))
    kept = dict(np.load(ASSET)) if ASSET.exists() else {}
    width = renders.picture(0).shape[1]
    for name in names:
        print(name)
        weights, within = fitted(views[name], width)
        kept[name], kept[f"{name}_hidden"] = weights.astype(np.float32), within.astype(np.float32)
    np.savez_compressed(ASSET, **kept)
    print(f"wrote {ASSET}")


if __name__ == "__main__":
    main()
