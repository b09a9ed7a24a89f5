"""How far each eye is open, relative to this person's open eye."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracker.face.history import History
from tracker.types import FloatArray, HeadPose

TYPICAL_OPEN = 0.33
"""Lid gap over eye width of an average open eye."""
CLOSED_SHARE = 0.28
"""A shut eye's measured gap over the open one's: lashes keep it from zero."""
PRIOR_SECONDS = 1.0
SURELY_CLOSED = 0.5
"""Probability of a closed eye beyond which the gap does not teach what this person's open eye is."""
MAX_CORRECTION = 1.6


class OpennessCalibration:
    """One person's open eye, learnt from the frames in which the eye is not closed."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        self._history = History(2)
        self._prior, self._prior_seconds = np.full(2, TYPICAL_OPEN), PRIOR_SECONDS
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
        full = self.open_aperture()
        gap = (upright / full - CLOSED_SHARE) / (1 - CLOSED_SHARE)
        # The gap orders half-closed eyes; the probability is surer about shut ones.
        openness = np.clip(gap, 0, 1) * np.clip(2 * (1 - closed), 0, 1)
        return openness.astype(np.float32)

    def open_aperture(self) -> FloatArray:
        """(2,) lid gap over eye width of the person's open eyes, as far as known."""
        seconds = self._history.seconds
        if seconds == 0:
            return self._prior
        own = seconds / (seconds + self._prior_seconds)
        learnt: FloatArray = self._prior + own * (self._history.median() - self._prior)
        return np.clip(learnt, 0.5 * TYPICAL_OPEN, 2 * TYPICAL_OPEN)

    def export(self) -> dict[str, Any]:
        return {"open": self.open_aperture().tolist()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Raises ValueError when `kept` does not fit."""
        opened = np.array(kept["open"], np.float64)
        if opened.shape != (2,) or not (opened > 0).all():
            raise ValueError("the profile's eye openness is damaged")
        self._prior, self._prior_seconds = opened, 60.0


def foreshortening(pose: HeadPose | None) -> float:
    """What turns a gap-to-width ratio in the picture into one seen from the front.

    A nod shortens the gap by the cosine of the pitch, a turn the width by that of the yaw.
    """
    if pose is None:
        return 1.0
    pitch, yaw = (math.radians(angle) for angle in pose.euler_deg[:2])
    ratio = math.cos(yaw) / max(math.cos(pitch), 0.3)
    return min(max(ratio, 1 / MAX_CORRECTION), MAX_CORRECTION)
