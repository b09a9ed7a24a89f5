"""How landmarks and the eye network's contours give the eyes' points: `python -m training.eyes.points`.

Writes tracker/face/eye_points.npz: a ridge regression, on photographs of fold 0, from the eyes of landmark networks of
all costs and the contours of the eye networks to the labels the landmark networks learn from. Prints the errors of
fold 1 without and with it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.eye_points import (
    ASSET,
    EYES,
    N_COORDINATES,
    EyeLandmarkMap,
    eye_frames,
    features,
    to_eye_frame,
    to_image,
)
from tracker.face.eyes import EyeCrops
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training import datasets
from training.landmarks.conventions import load_convention
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
    """Of N photographs: landmarks (N, 66, 2) px, contours (N, 2, 16, 2) in the eyes' frames."""

    landmarks: np.ndarray
    contours: np.ndarray


def look(store: ModelStore, model: int, eye_network: str, pack: datasets.Pack, rows: np.ndarray) -> Eyes:
    """Photographs `rows` as the tracker reads them."""
    landmarks = predict(LandmarkReader(store.load(f"landmarks_{model}")), pack, rows, seed=1).landmarks
    crops, contours = EyeCrops(store.load(eye_network)), []
    for i, xy in zip(rows, landmarks, strict=True):
        frames, _ = eye_frames(xy)
        contours.append(crops.run(np.ascontiguousarray(pack.pixels[i]), frames).contour)
    return Eyes(landmarks, np.stack(contours))


def taken(eyes: Eyes) -> np.ndarray:
    """(N, 2, 44) what the map takes of them."""
    pairs = zip(eyes.landmarks, eyes.contours, strict=True)
    return np.stack([features(eye_frames(xy)[1], contours) for xy, contours in pairs])


def wanted(landmarks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N, 2, 12) where the labels (N, 66, 2) lie in the eyes' frames of the landmarks (N, 66, 2)."""
    places = []
    for xy, label in zip(landmarks, labels, strict=True):
        frames, _ = eye_frames(xy)
        places.append([to_eye_frame(_complex(label[eye]), frame) for eye, frame in zip(EYES, frames, strict=True)])
    return np.array(places).view(np.float64)


def _complex(points: np.ndarray) -> list[complex]:
    return [complex(x, y) for x, y in points]


def better_points(eyes: Eyes, points: EyeLandmarkMap) -> np.ndarray:
    """(N, 66, 2) the landmarks with the eyes' points placed anew."""
    better = eyes.landmarks.copy()
    for k, (xy, contours) in enumerate(zip(eyes.landmarks, eyes.contours, strict=True)):
        frames, landmarks = eye_frames(xy)
        for eye, frame, places in zip(EYES, frames, points.predict(landmarks, contours), strict=True):
            better[k, eye] = [(point.real, point.imag) for point in to_image(places, frame)]
    return better


def fit(known: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Weights (44, 12) from features (N, 44) and true points (N, 12), outliers left out.

    The corners are among the features and always at -0.5 and 0.5, so there is a constant part.
    """
    step = true - known[:, :N_COORDINATES]
    used = np.linalg.norm(step, axis=1) < FAR
    for _ in range(3):
        gram = known[used].T @ known[used] + RIDGE * np.eye(known.shape[1])
        weights: np.ndarray = np.linalg.solve(gram, known[used].T @ step[used])
        apart = np.linalg.norm(known @ weights - step, axis=1)
        used = apart < OUTLYING * np.median(apart)
    return weights


def report(name: str, landmarks: np.ndarray, pack: datasets.Pack, rows: np.ndarray) -> None:
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--out", type=Path, default=ASSET, help="what to write (default: %(default)s)")
    parser.add_argument("--photographs", type=int, default=PHOTOGRAPHS)
    parser.add_argument("--skip-check", action="store_true", help="do not measure on the validation fold")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pack, store = datasets.load_faces(), ModelStore(arguments.folder)
    labels = load_convention().points(datasets.load_mesh(pack))
    rows = np.random.default_rng(0).choice(pack.indices(datasets.TRAIN), arguments.photographs, replace=False)
    known, true = [], []
    for model, eye_network in PAIRS:
        eyes = look(store, model, eye_network, pack, rows)
        known.append(taken(eyes))
        true.append(wanted(eyes.landmarks, labels[rows]))
    weights = fit(*(np.concatenate(part).reshape(-1, part[0].shape[2]) for part in (known, true)))
    np.savez_compressed(arguments.out, weights=weights.astype(np.float32))
    if arguments.skip_check:
        return 0
    held_out, points = pack.indices(datasets.VALIDATION), EyeLandmarkMap()
    for model, eye_network in PAIRS:
        eyes = look(store, model, eye_network, pack, held_out)
        report(f"{model}", eyes.landmarks, pack, held_out)
        report(f"{model} with {eye_network}", better_points(eyes, points), pack, held_out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
