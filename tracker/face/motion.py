"""Where a face goes, whether it lives, and the proportions by which it is known again."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from tracker import topology as t
from tracker.face.crop import bounds, middle
from tracker.types import FloatArray, Landmarks

VELOCITY_SHARE = 0.3
"""Of the newest frame in the running mean of the velocity."""
COASTING_S = 1.0
"""A hidden face is taken to move on for this long."""
MIN_WAY = 0.05
"""Expected movements below this share of the face's size are neglected."""
REMEMBERED_S = 10.0
"""For so long the place of a face that was lost helps to tell whose id a new face gets."""
WINDOW_S, SAMPLE_S = 3.0, 0.1
"""Whether a face moves is decided over the window, from positions at least so far apart."""
STILL = 0.012
"""A face whose position, size and mouth varied by less than this share of its size is a picture, or asleep. Breathing
alone moves a head by more."""
UNKNOWN_LIFE, STILL_LIFE = 0.8, 0.35
"""How much a face counts while it is not known yet whether it moves, and when it does not; 1 when it does."""
SHAPE_SHARE = 0.1
MAX_SHAPE_YAW_DEG = 30.0
"""Proportions are averaged over frames in which the head is turned by less than this."""

_NAMED = np.array([*t.RIGID_POINTS, 0, 16, 8])


class Place(NamedTuple):
    """Where a face was. centre: (x, y) and size: pixels. velocity: pixels per second. seen_s: media time."""

    centre: tuple[float, float]
    size: float
    velocity: tuple[float, float]
    seen_s: float

    def at(self, now_s: float) -> tuple[float, float]:
        """The expected centre."""
        elapsed = min(max(now_s - self.seen_s, 0.0), COASTING_S)
        return self.centre[0] + elapsed * self.velocity[0], self.centre[1] + elapsed * self.velocity[1]

    def way(self, now_s: float) -> tuple[float, float]:
        """The expected way since the face was seen; none where it is short, so that noise does not move the crop."""
        x, y = self.at(now_s)
        across, down = x - self.centre[0], y - self.centre[1]
        return (across, down) if math.hypot(across, down) > MIN_WAY * self.size else (0.0, 0.0)

    def distance(self, landmarks: Landmarks, now_s: float) -> float:
        """From the expected centre to that of `landmarks`, in face sizes."""
        centre, size = centre_and_size(landmarks.xy)
        x, y = self.at(now_s)
        return math.hypot(centre[0] - x, centre[1] - y) / max(size, 1e-6)


class Motion:
    """Follows one face from frame to frame."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self.shape: FloatArray | None = None
        """Proportions without pose and size, as `proportions` gives them; None until they were seen."""
        self._history: deque[tuple[float, ...]] = deque()

    def restart(self) -> None:
        """The face was lost. Its last place and proportions stay, so that it is known again."""
        self._history.clear()

    def update(self, landmarks: Landmarks, now_s: float) -> Place:
        """The face was found at `landmarks`. Returns its place."""
        centre, size = centre_and_size(landmarks.xy)
        velocity, last = (0.0, 0.0), self.place
        if last is not None and self._history and now_s > last.seen_s:
            keep, share = 1 - VELOCITY_SHARE, VELOCITY_SHARE / (now_s - last.seen_s)
            velocity = (
                keep * last.velocity[0] + share * (centre[0] - last.centre[0]),
                keep * last.velocity[1] + share * (centre[1] - last.centre[1]),
            )
        self.place = place = Place(centre, size, velocity, now_s)
        if not self._history or now_s - self._history[-1][0] >= SAMPLE_S:
            mouth = float(landmarks.xy[t.INNER_LOWER_LIP[1], 1] - landmarks.xy[t.INNER_UPPER_LIP[1], 1])
            self._history.append((now_s, *centre, size, mouth))
            while now_s - self._history[0][0] > WINDOW_S:
                self._history.popleft()
        return place

    def update_shape(self, points: FloatArray, yaw_deg: float) -> None:
        """points: (>= 66, 3) in the head frame, not normalised."""
        if abs(yaw_deg) > MAX_SHAPE_YAW_DEG:
            return
        seen = proportions(points)
        self.shape = seen if self.shape is None else self.shape + SHAPE_SHARE * (seen - self.shape)

    @property
    def life(self) -> float:
        """How much the face counts for moving, to 1."""
        if not self._history or self._history[-1][0] - self._history[0][0] < WINDOW_S - 2 * SAMPLE_S:
            return UNKNOWN_LIFE
        columns = list(zip(*self._history, strict=True))[1:]
        size = max(float(np.median(columns[2])), 1e-6)
        return 1.0 if max(max(column) - min(column) for column in columns) > STILL * size else STILL_LIFE


def proportions(points: FloatArray) -> FloatArray:
    """(32,) proportions of a face from (>= 66, 3) points in its head frame: independent of pose, size and place."""
    chosen = points[_NAMED, :2] - points[_NAMED, :2].mean(axis=0)
    scaled: FloatArray = (chosen / max(float(np.sqrt(np.square(chosen).sum(axis=1).mean())), 1e-6)).ravel()
    return scaled


def shape_distance(a: FloatArray, b: FloatArray) -> float:
    """Root mean square distance of the points of two `proportions`."""
    return float(np.sqrt(np.square(a - b).sum() / (len(a) / 2)))


def centre_and_size(xy: FloatArray) -> tuple[tuple[float, float], float]:
    """Mean and longer side of (66, 2) landmarks, pixels."""
    return middle(xy), max(bounds(xy)[2:])
