"""Which face is meant: the large, central, sure and moving one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracker.face.crop import bounds, face_roll
from tracker.face.detector import intersection_over_union
from tracker.face.motion import UNKNOWN_LIFE, Motion, centre_and_size
from tracker.types import FloatArray, Landmarks

SAME_FACE_IOU, OPPOSITE_FACE_IOU = 0.3, 0.02
"""Two faces whose boxes have a larger intersection over union are the same; the second if one of them hangs, seen from
the other: hair over a forehead is read as a beard under a hanging face."""
EDGE_WEIGHT = 0.4
"""How much less a face in the corner of the frame counts than one in its middle."""
CLEARLY_BETTER = 1.5
"""How many times a face must count what a tracked one does, to take its place."""
UNSURE_HOLD_S = 0.5
"""A tracked face that may be none at all is held no longer than this once there is a better one."""
SCAN_S = 0.9
"""While there is no room for more faces, better ones are looked for this often."""
FORGET_S = 1.3
"""A better face that was not seen for this long starts anew."""


def prominence(landmarks: Landmarks, life: float, width: int, height: int, trusted: float) -> float:
    """How much a face counts: its size over the frame's shorter side, less where it is unsure, cut off or at the edge.

    life: `Motion.life`. trusted: `AcceptancePolicy.trusted_confidence`.
    """
    (x, y), size = centre_and_size(landmarks.xy)
    off_centre = math.hypot(x / width - 0.5, y / height - 0.5) / math.hypot(0.5, 0.5)
    inside = float(np.mean(((landmarks.xy >= 0) & (landmarks.xy < (width, height))).all(axis=1)))
    sure = min(1.0, landmarks.mean_confidence / max(trusted, 1e-6))
    return size / min(width, height) * (1 - EDGE_WEIGHT * min(off_centre, 1.0)) * sure * inside * inside * life


def are_one_face(one: FloatArray, other: FloatArray) -> bool:
    """Whether two readings, (66, 2) landmarks each, are of one face: nobody's face begins where another's hangs."""
    opposite = math.cos(face_roll(one) - face_roll(other)) < 0
    least = OPPOSITE_FACE_IOU if opposite else SAME_FACE_IOU
    return intersection_over_union(bounds(one), bounds(other)) > least


def surest_readings(found: Sequence[Landmarks]) -> list[Landmarks]:
    """`found` with one reading of each face, the surest: a head may be found upright and hanging, and the hanging one
    may be the larger."""
    kept: list[Landmarks] = []
    for landmarks in sorted(found, key=lambda landmarks: -landmarks.mean_confidence):
        if not any(are_one_face(landmarks.xy, other.xy) for other in kept):
            kept.append(landmarks)
    return kept


class Challenger:
    """A face that is not tracked but counts clearly more than one that is. It takes over once it stayed for a while."""

    def __init__(self) -> None:
        self._motion = Motion()
        self._since_s = math.inf
        self._seen_s = -math.inf

    def reset(self) -> None:
        """There is no better face, or it has taken over."""
        self._motion = Motion()
        self._since_s, self._seen_s = math.inf, -math.inf

    def life(self, landmarks: Landmarks, now_s: float) -> float:
        """How much a face seen now counts for moving."""
        return self._motion.life if self._is_same(landmarks, now_s) else UNKNOWN_LIFE

    def holds(self, landmarks: Landmarks, now_s: float, hold_s: float) -> bool:
        """Whether the better face, now at `landmarks`, has been there for `hold_s`."""
        if not self._is_same(landmarks, now_s):
            self.reset()
            self._since_s = now_s
        self._motion.update(landmarks, now_s)
        self._seen_s = now_s
        return now_s - self._since_s >= hold_s

    def forget_old(self, now_s: float) -> None:
        """Start anew when the better face has gone."""
        if self._motion.place is not None and now_s - self._seen_s > FORGET_S:
            self.reset()

    def _is_same(self, landmarks: Landmarks, now_s: float) -> bool:
        place = self._motion.place
        return place is not None and now_s - self._seen_s <= FORGET_S and place.distance(landmarks, now_s) < 1


def by_prominence(
    found: Sequence[Landmarks], width: int, height: int, trusted: float, life: float = UNKNOWN_LIFE
) -> list[Landmarks]:
    """`found`, the most prominent face first."""
    return sorted(found, key=lambda one: -prominence(one, life, width, height, trusted))
