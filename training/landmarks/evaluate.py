"""Landmark error on held-out faces: `python -m training.landmarks.evaluate --models 3 0 -3`.

Runs the exported networks as the tracker does: a disturbed first crop, then the crop its own answer asks for.
Error is the distance over the truth's outer-eye distance, in the eye line's frame; each point's median offset
(annotators differ in convention) is estimated on even images and removed from odd ones, and the reverse.
Writes the figures to models/manifest.json with the hash of the network they belong to.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np

from tracker import topology as t
from tracker.face.crop import crop_around
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training import packs
from training.landmarks.data import Background, jitter
from training.manifest import MODELS_FOLDER, update_quality

CLOSE = 0.05
"""A point within this fraction of the outer-eye distance is right, as far as confidence goes."""


def relative_error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, P, 2) error in the eye line's frame over the outer-eye distance, point offsets removed.

    found, truth: (N, 66, 2) pixels.
    """
    across = truth[:, t.LEFT_EYE_OUTER] - truth[:, t.RIGHT_EYE_OUTER]
    length = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
    cos, sin = across[:, 0] / length, across[:, 1] / length
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    error = np.einsum("nij,npj->npi", turn, found - truth) / length[:, None, None]
    even = np.arange(len(error)) % 2 == 0
    offset_even, offset_odd = np.median(error[even], axis=0), np.median(error[~even], axis=0)
    return error - np.where(even[:, None, None], offset_odd, offset_even)


def inner_49(error: np.ndarray) -> float:
    """Mean over images and points 17-65 of the distance, in percent."""
    return 100 * float(np.linalg.norm(error[:, t.INNER_49], axis=2).mean())


def predict(reader: LandmarkReader, pack: packs.Pack, rows: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 66, 2) in pixels and confidences (N, 66) for images `rows`."""
    rng = np.random.default_rng(seed)
    points, confidence = np.empty((len(rows), 66, 2)), np.empty((len(rows), 66))
    for k, i in enumerate(rows):
        image = pack.pixels[i]
        rough = reader.read(image, jitter(crop_around(pack["lm66"][i]), rng))
        found = reader.read(image, crop_around(rough.xy))
        points[k], confidence[k] = found.xy, found.confidence
    return points, confidence


def evaluate(model: int) -> dict[str, object]:
    reader = LandmarkReader(ModelStore(MODELS_FOLDER).load(f"landmarks_{model}"))
    pack = packs.load_faces()
    rows = pack.indices(packs.VALIDATION)
    found, confidence = predict(reader, pack, rows, seed=1)
    truth, source = pack["lm66"][rows], pack.source[rows]
    by_source = {
        str(s): round(inner_49(relative_error(found[source == s], truth[source == s])), 3) for s in np.unique(source)
    }
    labelled = np.isfinite(pack["fan68"][rows]).all(axis=(1, 2))
    fan = pack["fan68"][rows][labelled][:, t.IBUG_68].astype(np.float64)
    fan_error = inner_49(relative_error(found[labelled], fan))

    distance = np.linalg.norm(relative_error(found, truth), axis=2)
    right = distance[:, t.INNER_49] < CLOSE
    sure = confidence[:, t.INNER_49]
    edges = np.linspace(0, 1, 11)
    reliability = []
    for low, high in pairwise(edges):
        inside = (sure >= low) & (sure < high if high < 1 else sure <= 1)
        if inside.sum() > 50:
            reliability.append(
                [
                    round(float(low), 1),
                    int(inside.sum()),
                    round(float(sure[inside].mean()), 3),
                    round(float(right[inside].mean()), 3),
                ]
            )
    rng = np.random.default_rng(3)
    background = Background(packs.VALIDATION)
    empty = []
    for _ in range(500):
        window = background.sample(128, rng)
        rough = reader.read(
            window,
            crop_around(
                np.stack(np.meshgrid([20, 108], [20, 108]), -1).reshape(-1, 2)[[0] * 66] + rng.uniform(0, 88, (66, 2))
            ),
        )
        empty.append(float(rough.confidence.mean()))
    mean_confidence = confidence.mean(axis=1)
    figures: dict[str, object] = {
        "inner_49_percent": by_source,
        "inner_49_percent_fan68": round(fan_error, 3),
        "confidence_reliability": reliability,
        "face_confidence_percentiles_1_5_50": [round(float(v), 3) for v in np.percentile(mean_confidence, [1, 5, 50])],
        "background_confidence_percentiles_50_99_max": [
            round(float(v), 3) for v in (*np.percentile(empty, [50, 99]), max(empty))
        ],
        "command": f"python -m training.landmarks.evaluate --models {model}",
    }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 2, 1, 0, -1, -2, -3])
    arguments = parser.parse_args()
    for model in arguments.models:
        figures = evaluate(model)
        update_quality(f"landmarks_{model}", figures)
        print(f"model {model}")
        for name, value in figures.items():
            print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
