"""Photographs read as the tracker reads a frame: what the priors of features and coefficients are measured on.

The packaged networks' points, not the labels, because these are what the tracker measures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.face.crop import crop_around
from tracker.face.eyes import EyeReader
from tracker.face.gaze import to_pixels
from tracker.face.head import REFERENCE_HEAD
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from tracker.face.points3d import lift, normalise
from tracker.face.pose import PoseSolver
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose, Landmarks
from training.datasets import Pack

CAMERA_WIDTHS = 4.0
"""Focal length assumed for a face cut from a photograph, in widths of the cut."""
MODEL, EYES = "landmarks_3", "eyes"


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """place: in what was chosen; points: (70, 3) normalised head points; lids: (2, 2) `EyeReading.lid_heights`."""

    place: int
    points: FloatArray
    lids: FloatArray
    pose: HeadPose


def tracked_faces(pack: Pack, chosen: np.ndarray) -> Iterator[TrackedFace]:
    """Every picture of `chosen` in which a pose is found."""
    store = ModelStore()
    landmark_reader, eye_reader = LandmarkReader(store.load(MODEL)), EyeReader(store.load(EYES))
    for place, i in enumerate(chosen):
        picture = np.ascontiguousarray(pack.pixels[i])
        height, width = picture.shape[:2]
        seen = landmark_reader.read(picture, crop_around(pack["lm66"][i]))
        eyes = eye_reader.read(picture, seen.xy)
        xy = eyes.refine(seen.xy)
        camera = CameraIntrinsics(width, height, CAMERA_WIDTHS * width)
        pose = PoseSolver().solve(Landmarks(xy, seen.confidence), REFERENCE_HEAD, camera)
        if pose is not None:
            points = lift(xy, to_pixels(xy, eyes.pupil_positions), pose, REFERENCE_HEAD, camera)
            yield TrackedFace(place, normalise(points), eyes.lid_heights, pose)
