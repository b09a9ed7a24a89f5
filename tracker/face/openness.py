"""Openness of each eye: its aperture relative to this person's open eye, and what the whole face says of it.

The eye network sees each eye closely, but a smile, a low brow or a lowered gaze narrow an eye as a blink begins to. The
landmark network sees the face around it and tells these apart, though not how far a closing eye is closed. So the more
certain the eye network is that an eye is open, the more the blink coefficient counts.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.face.kept import kept_array
from tracker.face.running_median import RunningMedian
from tracker.types import FloatArray, HeadPose

TYPICAL_OPEN = 0.33
"""Aperture of an average open eye."""
CLOSED_SHARE = 0.28
"""Measured aperture of a closed eye over that of the open one; lashes keep it from zero."""
PRIOR_SECONDS, PROFILE_SECONDS = 1.0, 60.0
"""Time after which what is measured weighs as much as the average eye, or as one kept from an earlier run."""
SURELY_CLOSED = 0.5
"""Probability of a closed eye from which on the aperture does not count towards this person's open eye."""
FACE_WEIGHT = 0.5
"""Weight of the blink coefficient for an eye that is not closed at all: nearest to the true openness of renders."""
SURELY_OPEN = 0.3
"""Blink coefficient below which the face says that an eye is open, whatever the eye network takes it for."""
MISREAD_PRIOR_S, MAX_MISREAD = 2.0, 0.9
"""An open eye that the eye network takes for closed (narrow eyes, make-up, glare) recovers: the time after which the
median of what it says weighs as much as no error, and how much of the probability may be put down to it."""
MAX_CORRECTION = 1.6


class OpennessCalibration:
    """One person's open eye, learned from the frames in which the eyes are not closed."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._history = RunningMedian(np.full(2, TYPICAL_OPEN), PRIOR_SECONDS)
        self._misread = RunningMedian(np.zeros(2), MISREAD_PRIOR_S)
        self._last = [1.0, 1.0]
        self._first_s: float | None = None

    def update(
        self,
        aperture: FloatArray,
        closed: FloatArray,
        blink: FloatArray,
        visible: npt.NDArray[np.bool_],
        pose: HeadPose | None,
        now_s: float,
    ) -> FloatArray:
        """(2,) float32, 0 closed to 1 open.

        aperture: (2,) as seen in the image. closed: (2,) the eye network's probability. blink: (2,) the landmark
        network's coefficients. visible: (2,); an eye outside the picture keeps its last value.
        """
        if self._first_s is None:
            self._first_s = now_s
        # Plain numbers from here on: for two eyes an array costs more than all of this arithmetic.
        factor, blinks, seen = foreshortening(pose), blink.tolist(), visible.tolist()
        upright = [factor * gap for gap in aperture.tolist()]
        learning = self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds
        learning = learning and all(seen)
        if learning and max(blinks) < SURELY_OPEN:
            self._misread.add(closed, now_s)
        misread = [min(error, MAX_MISREAD) for error in self._misread.value().tolist()]
        shut = [max(p - error, 0.0) / (1.0 - error) for p, error in zip(closed.tolist(), misread, strict=True)]
        if learning and max(shut) < SURELY_CLOSED:
            self._history.add(upright, now_s)
        eyes = zip(upright, self.open_aperture(), shut, blinks, strict=True)
        now = zip(eyes, seen, self._last, strict=True)
        self._last = [_openness(*eye) if is_seen else last for eye, is_seen, last in now]
        return np.array(self._last, np.float32)

    def open_aperture(self) -> list[float]:
        """The aperture of this person's open eyes, right and left, as far as known."""
        return [min(max(gap, 0.5 * TYPICAL_OPEN), 2 * TYPICAL_OPEN) for gap in self._history.value().tolist()]

    def export(self) -> dict[str, Any]:
        """The values that a profile keeps."""
        return {"open": self.open_aperture()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Raises ValueError when `kept` does not fit."""
        self._history = RunningMedian(kept_array(kept, "open", (2,), 0.01, 10.0), PROFILE_SECONDS)


def _openness(aperture: float, open_aperture: float, closed: float, blink: float) -> float:
    """0 to 1, from the aperture now and of the open eye, the probability of a closed eye, and the coefficient."""
    share = (aperture / open_aperture - CLOSED_SHARE) / (1 - CLOSED_SHARE)
    # The aperture orders half-closed eyes; the probability is more reliable for closed ones.
    by_eye = min(max(share, 0.0), 1.0) * min(max(2 * (1 - closed), 0.0), 1.0)
    return by_eye + FACE_WEIGHT * (1 - closed) * (1 - blink - by_eye)


def foreshortening(pose: HeadPose | None) -> float:
    """The factor from an aperture in the image to the aperture as seen from the front.

    Pitch shortens the lid gap by its cosine, yaw the width of the eye.
    """
    if pose is None:
        return 1.0
    pitch, yaw, _ = map(math.radians, pose.euler_deg.tolist())
    ratio = math.cos(yaw) / max(math.cos(pitch), 0.3)
    return min(max(ratio, 1 / MAX_CORRECTION), MAX_CORRECTION)
