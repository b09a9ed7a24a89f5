"""How landmarks and the eye network's contours give the eyes' points: `python -m training.eyes.points`.

Writes tracker/face/eye_points.npz: a ridge regression, on photographs of fold 0, from the lids of landmark networks of
all costs and the contours of the eye networks to the labels the landmark networks learn from. Prints the errors of
fold 1 without and with it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.eye_points import ASSET, EYES, N_COORDINATES, EyePoints, eye_frames, features, to_eye, to_picture
from tracker.face.eyes import EyeCrops
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training import packs
from training.landmarks.data import all_points
from training.landmarks.evaluate import inner_49, predict, relative_error
from training.manifest import MODELS_FOLDER

PAIRS = ((3, "eyes"), (0, "eyes"), (-3, "eyes"), (3, "eyes_fine"))
PHOTOGRAPHS = 3000
RIDGE = 1.0
FAR = 1.5
"""In eye widths, over all of an eye's points: labels further off are of another face."""
SOURCES = ("uda", "utk", "muxspace", "mask_off", "cew_closed", "mtfl")
OUTLYING = 3.0
"""Eyes further off than so many times the median are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """Of N photographs: landmarks (N, 66, 2) px, and of both eyes of each what the map takes, (N, 2, 44)."""

    landmarks: np.ndarray
    taken: np.ndarray


def look(store: ModelStore, model: int, eye_network: str, pack: packs.Pack, rows: np.ndarray) -> Eyes:
    """Photographs `rows` as the tracker reads them."""
    landmarks = predict(LandmarkReader(store.load(f"landmarks_{model}")), pack, rows, seed=1).landmarks
    crops, taken = EyeCrops(store.load(eye_network)), []
    for i, xy in zip(rows, landmarks, strict=True):
        frames = eye_frames(xy)
        taken.append(features(xy, frames, crops.see(np.ascontiguousarray(pack.pixels[i]), frames).contour))
    return Eyes(landmarks, np.stack(taken))


def wanted(landmarks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N, 2, 12) where the labels (N, 66, 2) lie in the eyes' frames of the landmarks (N, 66, 2)."""
    places = [
        [
            [to_eye(complex(*point), frame) for point in label[eye]]
            for eye, frame in zip(EYES, eye_frames(xy), strict=True)
        ]
        for xy, label in zip(landmarks, labels, strict=True)
    ]
    return np.array(places).view(np.float64)


def fit(taken: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Weights (44, 12) from features (N, 44) and true points (N, 12), outliers left out.

    The corners are among the features and always at -0.5 and 0.5, so there is a constant part.
    """
    step = true - taken[:, :N_COORDINATES]
    used = np.linalg.norm(step, axis=1) < FAR
    for _ in range(3):
        gram = taken[used].T @ taken[used] + RIDGE * np.eye(taken.shape[1])
        weights: np.ndarray = np.linalg.solve(gram, taken[used].T @ step[used])
        apart = np.linalg.norm(taken @ weights - step, axis=1)
        used = apart < OUTLYING * np.median(apart)
    return weights


def report(name: str, landmarks: np.ndarray, pack: packs.Pack, rows: np.ndarray) -> None:
    """Errors of the inner 49 points and of the eyes' twelve against `fan68` and against `lm66` per source."""
    third = pack["fan68"][rows][:, t.IBUG_68].astype(np.float64)
    labelled = np.isfinite(third).all(axis=(1, 2))
    groups = {"fan68": (labelled, third)}
    for source in SOURCES:
        groups[source] = (pack.source[rows] == source, pack["lm66"][rows].astype(np.float64))
    shown = []
    for group, (members, truth) in groups.items():
        error = relative_error(landmarks[members], truth[members])
        eyes = 100 * np.linalg.norm(error[:, EYES.ravel()], axis=2).mean()
        shown.append(f"{group} {inner_49(error):.2f}, eyes {eyes:.2f}")
    print(f"{name:22s} {'  '.join(shown)}", flush=True)


def main() -> int:
    cv2.setNumThreads(1)
    pack, store = packs.load_faces(), ModelStore(MODELS_FOLDER)
    labels = all_points(pack)[:, : t.N_LANDMARKS]
    rows = np.random.default_rng(0).choice(pack.indices(packs.TRAIN), PHOTOGRAPHS, replace=False)
    taken, true = [], []
    for model, eye_network in PAIRS:
        eyes = look(store, model, eye_network, pack, rows)
        taken.append(eyes.taken)
        true.append(wanted(eyes.landmarks, labels[rows]))
    weights = fit(*(np.concatenate(part).reshape(-1, part[0].shape[2]) for part in (taken, true)))
    np.savez_compressed(ASSET, weights=weights.astype(np.float32))
    held_out, points = pack.indices(packs.VALIDATION), EyePoints()
    for model, eye_network in PAIRS:
        eyes = look(store, model, eye_network, pack, held_out)
        better = eyes.landmarks.copy()
        for k, xy in enumerate(eyes.landmarks):
            frames = eye_frames(xy)
            placed = points.place(eyes.taken[k])
            for eye, frame, found in zip(EYES, frames, placed, strict=True):
                better[k, eye] = [(z.real, z.imag) for z in (to_picture(point, frame) for point in found)]
        report(f"{model}", eyes.landmarks, pack, held_out)
        report(f"{model} with {eye_network}", better, pack, held_out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
