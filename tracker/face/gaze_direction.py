"""Where the eyes look, relative to the head, from what the eye network says of both.

The network judges each crop twice: how the eye looks within its head, as its lids and corners show, and how it looks as
seen from the camera, as the iris shows. The second needs the head's pose to be turned into the first, and errs with it.
A fixed mix of both, fitted to renders by `training.eyes.looks`, is better than either. Eyes move together, so they are
averaged, the one that is seen wider and more open counting more; only a little of their difference is believed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tracker.face.eyes import EyeReading
from tracker.face.gaze import CORNERS
from tracker.face.running_median import RunningMedian
from tracker.face.smoothing import RowFilter
from tracker.intrinsics import CameraIntrinsics
from tracker.types import FloatArray, HeadPose

Angles = tuple[float, float]
"""Degrees to the subject's left, and up."""

YAW_MIX = (1.0, 0.18)
"""Of the yaw read in the head and of that turned back from the camera. Each is read too small."""
PITCH_MIX = (0.98, 0.12, -0.2)
"""Of the pitch read in the head and of that turned back from the camera, and a constant in degrees."""
BELIEVED_DIFFERENCE, MOST_APART_DEG = 0.5, 12.0
"""How much of what the eyes' yaws differ by, more than they usually do, is believed; and how far apart they can be."""
MIN_OPENNESS = 0.25
"""Openness below which an eye's gaze is ignored."""
WIDTH_DEG = 150.0
"""A pupil moves by an eye's width per so many degrees: in such speeds the smoothing is set."""
TINY_S = 0.01
REST_PRIOR_S, MOST_REST_DEG, NEAR_REST_DEG = 20.0, 6.0, 12.0
"""Where a person mostly looks becomes straight ahead: after so long as much as halfway, by at most so many degrees.
Looks further away than the last do not count."""


class Looks(NamedTuple):
    """Both eyes together, degrees to the subject's left and up: read in the head, and turned back from the camera."""

    head_yaw: float
    head_pitch: float
    seen_yaw: float
    seen_pitch: float


def looks(reading: EyeReading, xy: FloatArray, pose: HeadPose, camera: CameraIntrinsics, openness: FloatArray) -> Looks:
    """xy: (66, 2) frame pixels; how much each eye counts follows from its width there and its openness (2,)."""
    weights = eye_weights(xy, openness)
    readings = reading.gaze_in_head.tolist(), seen_looks(reading, xy, pose, camera)
    return Looks(*(weights[0] * right[k] + weights[1] * left[k] for right, left in readings for k in (0, 1)))


def eye_weights(xy: FloatArray, openness: FloatArray) -> tuple[float, float]:
    """How much the right and the left eye count, together 1."""
    across = xy[CORNERS[:, 1]] - xy[CORNERS[:, 0]]
    widths = (across[:, 0] ** 2 + across[:, 1] ** 2).tolist()
    right, left = (w * (0.05 + min(o, 1.0)) for w, o in zip(widths, openness.tolist(), strict=True))
    total = max(right + left, 1e-9)
    return right / total, left / total


def seen_looks(reading: EyeReading, xy: FloatArray, pose: HeadPose, camera: CameraIntrinsics) -> list[Angles]:
    """Each eye's gaze in the head, from how it is seen from the camera."""
    to_head = (-pose.rotation.T).tolist()
    places = (xy[CORNERS].mean(axis=1) - camera.centre) / camera.focal_px
    eyes = zip(reading.gaze_in_image.tolist(), reading.upright.tolist(), places.tolist(), strict=True)
    return [_in_head(to_head, *eye) for eye in eyes]


def _in_head(to_head: list[list[float]], angles: list[float], upright: list[float], place: list[float]) -> Angles:
    yaw, pitch = math.radians(angles[0]), math.radians(angles[1])
    across, down, z = math.sin(yaw) * math.cos(pitch), -math.sin(pitch), -math.cos(yaw) * math.cos(pitch)
    cos, sin = upright
    x, y = cos * across - sin * down, sin * across + cos * down
    # The smallest turn from the camera's axis to the line of sight.
    length = math.sqrt(place[0] ** 2 + place[1] ** 2 + 1.0)
    sx, sy, sz = place[0] / length, place[1] / length, 1.0 / length
    along = (sx * x + sy * y) / (1.0 + sz)
    x, y, z = x + sx * z - sx * along, y + sy * z - sy * along, sz * z - (sx * x + sy * y)
    right, up, ahead = (row[0] * x + row[1] * y + row[2] * z for row in to_head)
    return math.degrees(math.atan2(-right, ahead)), math.degrees(math.atan2(up, math.hypot(right, ahead)))


def mixed(found: Looks) -> Angles:
    """The gaze of both eyes together."""
    return (
        YAW_MIX[0] * found.head_yaw + YAW_MIX[1] * found.seen_yaw,
        PITCH_MIX[0] * found.head_pitch + PITCH_MIX[1] * found.seen_pitch + PITCH_MIX[2],
    )


class GazeMemory:
    """The gaze of one person: held while the eyes are closed or hidden, and freed of where it rests.

    smoothing: 0 = off, 1 = default. update_seconds: learning stops this long after the first frame; 0 = never.
    """

    def __init__(self, smoothing: float, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self._filter: RowFilter | None = None
        if smoothing > 0:
            self._filter = RowFilter(min_cutoff_hz=1.5 / smoothing, gain=14.0, dead_zone=0.05)
        self.reset()

    def restart_motion(self) -> None:
        """Forget motion, after an interruption; where the gaze rests stays."""
        self._angles: FloatArray = np.zeros((2, 2))
        if self._filter is not None:
            self._filter.reset()

    def reset(self) -> None:
        """Forget the person."""
        self.restart_motion()
        self._rest = RunningMedian(np.zeros(2), REST_PRIOR_S)
        self._usual_difference = RunningMedian(np.zeros(1), TINY_S)
        self._knows_difference = False
        self._first_s: float | None = None

    def update(
        self,
        reading: EyeReading,
        usable: FloatArray,
        xy: FloatArray,
        pose: HeadPose,
        camera: CameraIntrinsics,
        now_s: float,
        learn: bool,
    ) -> FloatArray:
        """(2, 2) degrees of the right and the left eye, to the subject's left and up.

        usable: (2,) openness, 0 for an eye that is not seen. learn: the frame may change where the gaze rests.
        """
        if self._first_s is None:
            self._first_s = now_s
        right, left = (usable >= MIN_OPENNESS).tolist()
        if not (right or left):
            return self._angles
        found = looks(reading, xy, pose, camera, usable)
        yaw, pitch = mixed(found)
        learn = learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds)
        if learn and right and left and max(abs(yaw), abs(pitch)) < NEAR_REST_DEG:
            self._rest.add((yaw, pitch), now_s)
            self._usual_difference.add((_difference(reading),), now_s)
            self._knows_difference = True
        rest_yaw, rest_pitch = np.clip(self._rest.value(), -MOST_REST_DEG, MOST_REST_DEG).tolist()
        apart = 0.0
        if right and left and self._knows_difference:
            more = _difference(reading) - float(self._usual_difference.value()[0])
            apart = BELIEVED_DIFFERENCE * min(max(more, -MOST_APART_DEG), MOST_APART_DEG) / 2
        yaw, pitch = yaw - rest_yaw, pitch - rest_pitch
        eyes = [[(yaw + apart) / WIDTH_DEG, pitch / WIDTH_DEG], [(yaw - apart) / WIDTH_DEG, pitch / WIDTH_DEG]]
        if self._filter is not None:
            eyes = self._filter.filter(eyes, now_s)
        self._angles = np.array(eyes) * WIDTH_DEG
        return self._angles


def _difference(reading: EyeReading) -> float:
    """Degrees by which the eyes' yaws differ, + towards each other."""
    (right_yaw, _), (left_yaw, _) = reading.gaze_in_head.tolist()
    return float(right_yaw - left_yaw)
