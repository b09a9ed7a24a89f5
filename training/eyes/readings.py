"""What the tracker's stages read of renders, beside the truth: `readings(["ict-test-b"], 300)`.

No person, no time, no smoothing: what openness, blinks and gaze are combined from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker.face.crop import crop_around
from tracker.face.eyes import EyeReader
from tracker.face.gaze import corners_of
from tracker.face.gaze_direction import Looks, looks
from tracker.face.head import REFERENCE_HEAD
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from tracker.face.pose import PoseSolver
from tracker.face.pose_correction import PoseCorrection
from tracker.intrinsics import CameraIntrinsics
from tracker.types import Landmarks
from training.synthetic.shards import RenderSet

EYE_FIELDS = ("aperture", "closed", "confidence", "openness", "blink", "seen")


@dataclass(frozen=True, eq=False)
class Readings:
    """N renders. eyes: fields of `EyeReading`, each (N, 2). coefficients: (N, 52) as read. pose: (N, 3) degrees as
    corrected. looks: (N, 4) of `Looks`. index: (N,) in the set; truth: the set's arrays at these."""

    eyes: dict[str, np.ndarray]
    coefficients: np.ndarray
    pose: np.ndarray
    looks: np.ndarray
    index: np.ndarray
    truth: dict[str, np.ndarray]


def readings(
    names: Sequence[str], count: int, model: int, eye_network: str, folder: Path, *, first: float = 0.0, seed: int = 0
) -> Readings:
    """At most `count` renders of these sets. first: the share of each set, its first people, that is left out."""
    renders, store = RenderSet(names), ModelStore(folder)
    shares = np.concatenate([np.arange(len(own)) / len(own) for own in (RenderSet([name]) for name in names)])
    candidates = np.flatnonzero(shares >= first)
    reader, eye_reader = LandmarkReader(store.load(f"landmarks_{model}")), EyeReader(store.load(eye_network))
    correction = PoseCorrection(f"landmarks_{model}")
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, np.ndarray, np.ndarray, np.ndarray, Looks]] = []
    for i in np.sort(rng.permutation(candidates)[:count]):
        picture, truth = renders.picture(i), renders["points"][i, :66]
        box = crop_around(truth + rng.normal(0, 0.02 * np.ptp(truth[:, 0]), 2))
        found = reader.read(picture, box)
        eyes = eye_reader.read(picture, found.xy)
        xy = eyes.refine(found.xy).astype(np.float32)
        camera = CameraIntrinsics(picture.shape[1], picture.shape[0], float(renders["focal_px"][i]))
        solved = PoseSolver().solve(Landmarks(xy, found.confidence), REFERENCE_HEAD, camera)
        if solved is None or found.coefficients is None:
            continue
        pose = correction.apply(solved, xy)
        values = np.array([getattr(eyes, key) for key in EYE_FIELDS])
        rows.append(
            (
                int(i),
                values,
                found.coefficients,
                pose.euler_deg,
                looks(eyes, corners_of(xy), pose, camera, eyes.openness),
            )
        )
    index = np.array([row[0] for row in rows])
    values = np.array([row[1] for row in rows])
    return Readings(
        {key: values[:, k] for k, key in enumerate(EYE_FIELDS)},
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
        index,
        {key: array[index] for key, array in renders.arrays.items()},
    )
