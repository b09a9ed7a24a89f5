"""How far each eye is open, relative to this person's open eye."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracker.face.kept import kept_array
from tracker.face.running_median import RunningMedian
from tracker.types import FloatArray, HeadPose

TYPICAL_OPEN = 0.33
"""Lid gap over eye width of an average open eye."""
CLOSED_SHARE = 0.28
"""A shut eye's measured gap over the open one's: lashes keep it from zero."""
PRIOR_SECONDS, PROFILE_SECONDS = 1.0, 60.0
"""How long the average eye, and one kept from an earlier run, weigh as much as what is seen."""
SURELY_CLOSED = 0.5
"""Probability of a closed eye beyond which the gap does not teach what this person's open eye is."""
MAX_CORRECTION = 1.6


class OpennessCalibration:
    """One person's open eye, learnt from the frames in which the eye is not closed."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        self._history = RunningMedian(np.full(2, TYPICAL_OPEN), PRIOR_SECONDS)
        self._first_s: float | None = None

    def update(self, aperture: FloatArray, closed: FloatArray, pose: HeadPose | None, now_s: float) -> FloatArray:
        """(2,) float32, 0 closed to 1 open.

        aperture: (2,) lid gap over eye width in the picture; closed: (2,) probability.
        """
        if self._first_s is None:
            self._first_s = now_s
        upright = aperture * foreshortening(pose)
        learning = self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds
        if learning and (closed < SURELY_CLOSED).all():
            self._history.add(upright, now_s)
        eyes = zip(upright.tolist(), self.open_aperture().tolist(), closed.tolist(), strict=True)
        return np.array([_openness(*eye) for eye in eyes], np.float32)

    def open_aperture(self) -> FloatArray:
        """(2,) lid gap over eye width of the person's open eyes, as far as known."""
        return np.minimum(np.maximum(self._history.value(), 0.5 * TYPICAL_OPEN), 2 * TYPICAL_OPEN)

    def export(self) -> dict[str, Any]:
        return {"open": self.open_aperture().tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Raises ValueError when `kept` does not fit."""
        self._history = RunningMedian(kept_array(kept, "open", (2,), 0.01, 10.0), PROFILE_SECONDS)


def _openness(gap: float, open_gap: float, closed: float) -> float:
    """0 to 1, from the lid gap now and of the open eye, and the probability that it is closed."""
    share = (gap / open_gap - CLOSED_SHARE) / (1 - CLOSED_SHARE)
    # The gap orders half-closed eyes; the probability is surer about shut ones.
    return min(max(share, 0.0), 1.0) * min(max(2 * (1 - closed), 0.0), 1.0)


def foreshortening(pose: HeadPose | None) -> float:
    """What turns a gap-to-width ratio in the picture into one seen from the front.

    A nod shortens the gap by the cosine of the pitch, a turn the width by that of the yaw.
    """
    if pose is None:
        return 1.0
    pitch, yaw, _ = map(math.radians, pose.euler_deg.tolist())
    ratio = math.cos(yaw) / max(math.cos(pitch), 0.3)
    return min(max(ratio, 1 / MAX_CORRECTION), MAX_CORRECTION)
