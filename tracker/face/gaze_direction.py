"""Where the eyes look, relative to the head, from what the eye network says of both.

The network judges each crop twice: how the eye looks within its head, as its lids and corners show, and how it looks as
seen from the camera, as the iris shows. The second needs the head's pose to be turned into the first, and errs with it.
A fixed mix of both, fitted to renders by `training.eyes.looks`, is better than either. Eyes move together, so they are
averaged, the one that is seen wider and more open counting more; only a little of their difference is believed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tracker.face.eyes import EyeReading
from tracker.face.gaze import Corners
from tracker.face.running_median import RunningMedian
from tracker.face.smoothing import NumberFilter
from tracker.intrinsics import CameraIntrinsics
from tracker.types import HeadPose

Angles = tuple[float, float]
"""Degrees to the subject's left, and up."""

YAW_MIX = (0.945, 0.127)
"""Of the yaw read in the head and of that turned back from the camera. Each is read too small."""
PITCH_MIX = (0.874, 0.156, 0.286)
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


def looks(
    reading: EyeReading, corners: Corners, pose: HeadPose, camera: CameraIntrinsics, openness: Sequence[float]
) -> Looks:
    """How much each eye counts follows from the width between its `corners` and its openness."""
    right, left = eye_weights(corners, openness)
    rotation = pose.rotation.tolist()
    centre, focal_px = complex(*camera.centre), camera.focal_px
    (seen_yaw, seen_pitch), (left_seen_yaw, left_seen_pitch) = [
        _in_head(rotation, angles, upright, ((a + b) / 2 - centre) / focal_px)
        for angles, upright, (a, b) in zip(reading.gaze_in_image, reading.upright, corners, strict=True)
    ]
    (head_yaw, head_pitch), (left_head_yaw, left_head_pitch) = reading.gaze_in_head
    return Looks(
        right * head_yaw + left * left_head_yaw,
        right * head_pitch + left * left_head_pitch,
        right * seen_yaw + left * left_seen_yaw,
        right * seen_pitch + left * left_seen_pitch,
    )


def eye_weights(corners: Corners, openness: Sequence[float]) -> tuple[float, float]:
    """How much the right and the left eye count, together 1."""
    right, left = [
        abs(b - a) ** 2 * (0.05 + min(is_open, 1.0)) for (a, b), is_open in zip(corners, openness, strict=True)
    ]
    total = max(right + left, 1e-9)
    return right / total, left / total


def _in_head(rotation: list[list[float]], angles: Angles, upright: complex, place: complex) -> Angles:
    """An eye's gaze in the head, from how it is seen from the camera at `place`, in focal lengths from the axis.

    rotation: of the head. upright: the corner line's direction.
    """
    yaw, pitch = math.radians(angles[0]), math.radians(angles[1])
    level = math.cos(pitch)
    seen, z = upright * complex(math.sin(yaw) * level, -math.sin(pitch)), -math.cos(yaw) * level
    x, y = seen.real, seen.imag
    # The smallest turn from the camera's axis to the line of sight.
    sx, sy = place.real, place.imag
    sz = 1.0 / math.sqrt(sx * sx + sy * sy + 1.0)
    sx, sy = sx * sz, sy * sz
    along = (sx * x + sy * y) / (1.0 + sz)
    x, y, z = x + sx * z - sx * along, y + sy * z - sy * along, sz * z - (sx * x + sy * y)
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = rotation
    # Head points are at `rotation @ -m`.
    left, down, back = r00 * x + r10 * y + r20 * z, r01 * x + r11 * y + r21 * z, r02 * x + r12 * y + r22 * z
    return math.degrees(math.atan2(left, -back)), math.degrees(math.atan2(-down, math.hypot(left, back)))


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
        self._filter: NumberFilter[complex] | None = None
        if smoothing > 0:
            self._filter = NumberFilter(min_cutoff_hz=1.5 / smoothing, gain=14.0, dead_zone=0.05)
        self.reset()

    def restart_motion(self) -> None:
        """Forget motion, after an interruption; where the gaze rests stays."""
        self._angles: Sequence[Angles] = ((0.0, 0.0), (0.0, 0.0))
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
        usable: Sequence[float],
        corners: Corners,
        pose: HeadPose,
        camera: CameraIntrinsics,
        now_s: float,
        learn: bool,
    ) -> Sequence[Angles]:
        """Degrees of the right and the left eye, to the subject's left and up.

        usable: each eye's openness, 0 for an eye that is not seen. learn: the frame may change where the gaze rests.
        """
        if self._first_s is None:
            self._first_s = now_s
        right, left = usable[0] >= MIN_OPENNESS, usable[1] >= MIN_OPENNESS
        if not (right or left):
            return self._angles
        found = looks(reading, corners, pose, camera, usable)
        yaw, pitch = mixed(found)
        learn = learn and (self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds)
        if learn and right and left and max(abs(yaw), abs(pitch)) < NEAR_REST_DEG:
            self._rest.add((yaw, pitch), now_s)
            self._usual_difference.add((_difference(reading),), now_s)
            self._knows_difference = True
        rest_yaw, rest_pitch = [min(max(rest, -MOST_REST_DEG), MOST_REST_DEG) for rest in self._rest.value()]
        apart = 0.0
        if right and left and self._knows_difference:
            more = _difference(reading) - self._usual_difference.value()[0]
            apart = BELIEVED_DIFFERENCE * min(max(more, -MOST_APART_DEG), MOST_APART_DEG) / 2
        yaw, pitch = yaw - rest_yaw, pitch - rest_pitch
        eyes = [complex(yaw + apart, pitch), complex(yaw - apart, pitch)]
        if self._filter is not None:
            eyes = [WIDTH_DEG * eye for eye in self._filter.filter([eye / WIDTH_DEG for eye in eyes], now_s)]
        self._angles = [(eye.real, eye.imag) for eye in eyes]
        return self._angles


def _difference(reading: EyeReading) -> float:
    """Degrees by which the eyes' yaws differ, + towards each other."""
    (right_yaw, _), (left_yaw, _) = reading.gaze_in_head
    return right_yaw - left_yaw
