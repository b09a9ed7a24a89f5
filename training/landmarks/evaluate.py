"""Landmark error on held-out faces: `python -m training.landmarks.evaluate --models 3 0 -3`.

First against the points people set (`manual`), which are the measure; then against the automatic annotators' on the
packs of faces, of which only changes between networks mean anything since the points follow people's convention.

Runs the exported networks as the tracker does: a disturbed first crop, then the crop its own answer asks for.
Error is the distance over the truth's outer-eye distance, in the eye line's frame; each point's median offset
(annotators differ in convention) is estimated on even images and removed from odd ones, and the reverse.
Writes the figures to models/manifest.json with the hash of the network they belong to. `--peer PYTHON` prints those of
MediaPipe's FaceMesh against people's points too, on the faces that it finds, and ours on the same ones.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker import topology as t
from tracker.face.crop import CropBox, crop_around
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training import datasets
from training.landmarks.against_people import CLOSE, People, by_size, in_eye_line, reliability, without_offsets
from training.landmarks.against_people import figures as against_people
from training.landmarks.data import Background, jitter
from training.landmarks.face_sets import UPPER_INNER
from training.manifest import MODELS_FOLDER, update_quality


def relative_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, P, 2) error in the eye line's frame over the outer-eye distance, point offsets removed.

    found, truth: (N, 66, 2) pixels.
    """
    return without_offsets(in_eye_line(found, truth))


def inner_49(error: np.ndarray) -> float:
    """Mean over images and points 17-65 of the distance, in percent."""
    return 100 * float(np.linalg.norm(error[:, t.INNER_49], axis=2).mean())


DENSE_GROUPS = {
    "lips": np.r_[t.DENSE_OUTER_LIP, t.DENSE_INNER_LIP],
    "lids": np.r_[t.DENSE_RIGHT_LID, t.DENSE_LEFT_LID],
    "nose wings": np.r_[t.DENSE_RIGHT_NOSE_WING, t.DENSE_LEFT_NOSE_WING],
    "cheeks": np.r_[t.DENSE_RIGHT_CHEEK, t.DENSE_LEFT_CHEEK],
    "chin": t.DENSE_CHIN,
}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Of N pictures: landmarks (N, 66, 2) px, confidence (N, 66), extra points (N, 87, 2) px, and the landmarks once
    more, (N, 66, 2), from a crop disturbed as a moving face's is."""

    landmarks: np.ndarray
    confidence: np.ndarray
    extra: np.ndarray
    again: np.ndarray


def predict(reader: LandmarkReader, pack: datasets.Pack, rows: np.ndarray, seed: int) -> Readings:
    """Read images `rows`."""
    rng = np.random.default_rng(seed)
    first, second = [], []
    for i in rows:
        image = pack.pixels[i]
        rough = reader.read(image, jitter(crop_around(pack["lm66"][i]), rng))
        box = crop_around(rough.xy)
        first.append(reader.read(image, box))
        shift, scale, roll = rng.normal(0, 0.02, 2) * box.side, np.exp(rng.normal(0, 0.04)), rng.normal(0, 0.05)
        moved = CropBox((box.centre[0] + shift[0], box.centre[1] + shift[1]), box.side * scale, box.roll + roll)
        second.append(reader.read(image, moved).xy)
    none = np.full((t.N_DENSE, 2), np.nan)
    return Readings(
        np.stack([found.xy for found in first]).astype(np.float64),
        np.stack([found.confidence for found in first]),
        np.stack([none if found.dense_points is None else found.dense_points for found in first]),
        np.stack(second).astype(np.float64),
    )


def extra_error(readings: Readings, truth: np.ndarray, mesh: np.ndarray) -> dict[str, float]:
    """Percent per group of extra points, offsets removed as for the landmarks. truth (N, 66, 2), mesh (N, 478, 3)."""
    # Among the landmarks' 66 places the eye line and its length are looked up: keep them in front.
    points = np.concatenate([truth, mesh[:, t.DENSE_MESH, :2]], axis=1)
    found = np.concatenate([truth, readings.extra], axis=1)
    error = 100 * np.linalg.norm(relative_error(found, points)[:, t.N_LANDMARKS :], axis=2).mean(axis=0)
    return {name: round(float(error[group].mean()), 2) for name, group in DENSE_GROUPS.items()}


def background_confidence(reader: LandmarkReader, count: int = 500) -> np.ndarray:
    """(count,) mean confidence in windows without any face."""
    rng = np.random.default_rng(3)
    background = Background(datasets.VALIDATION)
    empty = []
    for _ in range(count):
        window = background.sample(128, rng)
        corners = np.stack(np.meshgrid([20, 108], [20, 108]), -1).reshape(-1, 2)
        empty.append(reader.read(window, crop_around(corners[[0] * 66] + rng.uniform(0, 88, (66, 2)))).mean_confidence)
    return np.array(empty)


def percentiles(values: np.ndarray, which: list[float]) -> list[float]:
    return [round(float(value), 3) for value in np.percentile(values, which)]


def load_reader(model: int, folder: Path) -> LandmarkReader:
    return LandmarkReader(ModelStore(folder).load(f"landmarks_{model}"), dense_points=True)


def evaluate(reader: LandmarkReader, model: int) -> dict[str, object]:
    """Figures on the packs of faces."""
    pack = datasets.load_faces()
    rows = pack.indices(datasets.VALIDATION)
    readings = predict(reader, pack, rows, seed=1)
    found, confidence = readings.landmarks, readings.confidence
    truth, source = pack["lm66"][rows], pack.source[rows]
    error = {s: relative_error(found[source == s], truth[source == s]) for s in np.unique(source)}
    third = pack["fan68"][rows][:, t.IBUG_68].astype(np.float64)
    labelled = np.isfinite(third).all(axis=(1, 2))
    distance = np.linalg.norm(relative_error(found, truth), axis=2)
    eye = np.linalg.norm(truth[:, t.LEFT_EYE_OUTER] - truth[:, t.RIGHT_EYE_OUTER], axis=1)
    apart = np.linalg.norm(readings.again - found, axis=2)[:, t.INNER_49] / eye[:, None]
    masked = source == "mask_on"
    empty = background_confidence(reader)
    figures: dict[str, object] = {
        "inner_49_percent": {str(s): round(inner_49(e), 3) for s, e in error.items()},
        "inner_49_percent_fan68": round(inner_49(relative_error(found[labelled], third[labelled])), 3),
        "upper_face_percent_mask_on": round(
            100 * float(np.linalg.norm(error["mask_on"][:, UPPER_INNER], axis=2).mean()), 3
        ),
        "change_with_the_crop_percent": round(100 * float(np.median(apart.mean(axis=1))), 3),
        "confidence_reliability": reliability(
            confidence[:, t.INNER_49][~masked], distance[:, t.INNER_49][~masked] < CLOSE
        ),
        "face_confidence_percentiles_1_5_50": percentiles(confidence.mean(axis=1), [1, 5, 50]),
        "masked_face_confidence_percentiles_5_25_50": percentiles(confidence[masked].mean(axis=1), [5, 25, 50]),
        "masked_upper_face_confidence_percentiles_5_25_50": percentiles(
            confidence[masked][:, UPPER_INNER].mean(axis=1), [5, 25, 50]
        ),
        "background_confidence_percentiles_50_99_max": percentiles(empty, [50, 99, 100]),
    }
    figures["extra_percent"] = extra_error(readings, truth, datasets.load_mesh(pack)[rows])
    return figures | {"command": f"python -m training.landmarks.evaluate --models {model}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 2, 1, 0, -1, -2, -3])
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--people-only", action="store_true", help="against people's points alone")
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment with mediapipe==0.10.21")
    arguments = parser.parse_args()
    people = People.load()
    common = None
    if arguments.peer is not None:
        mesh = people.read_mediapipe(arguments.peer)
        common = np.flatnonzero(np.isfinite(mesh).all(axis=(1, 2)))
        print(f"MediaPipe, the {len(common)} of {len(mesh)} faces that it finds")
        for name, value in against_people(people.only(common), mesh[common], None).items():
            print(f"  {name}: {value}")
    for model in arguments.models:
        reader = load_reader(model, arguments.folder)
        points, confidence = people.read(reader)
        if common is not None:
            same = against_people(people.only(common), points[common], confidence[common])
            print(f"model {model}, on the faces that MediaPipe finds")
            for name, value in same.items():
                print(f"  {name}: {value}")
        measured = against_people(people, points, confidence)
        measured["inner 49 of faces so many pixels long, raw and offsets removed"] = by_size(people, reader)
        figures: dict[str, object] = {"manual": measured}
        if not arguments.people_only:
            figures |= evaluate(reader, model)
        update_quality(f"landmarks_{model}", figures, arguments.folder)
        print(f"model {model}")
        for name, value in figures.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
