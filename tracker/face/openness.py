"""Openness of each eye: 1 less how far its lids are closing, which a smile, a low brow or a lowered gaze do not do.

Two networks say how far: the eye network, which sees each eye closely, and the landmark network, which sees the face
around it. Each is misled now and then; their log odds, weighted, are right more often than either
(`training.eyes.looks`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracker.face.kept import kept_array
from tracker.face.running_median import RunningMedian

EYE_WEIGHT, FACE_WEIGHT, BIAS = 0.4, 0.26, 0.4
"""Of the log odds of the eye network's blink and of the landmark network's, and a constant. Chosen from thousands of
settings, together with NO_BLINK, FULL_BLINK, LITTLE and SOME: by the development clips' blinks (all 31 found, 38 told:
F1 0.90; median r 0.92) and by smiles, blinks and lowered gazes of renders of people whom the eye network does not
know. Of those that do equally well this is the one whose neighbours do best."""
MOST_LOG_ODDS = 5.8
"""A network that is surer than this is not believed more."""
NO_BLINK, FULL_BLINK = 0.05, 0.7
"""What the networks together say of eyes that are not closing at all, and of eyes that are shut."""
LITTLE, SOME = 0.3, 0.55
"""A closing up to the first counts as none, and from the second on as what it is: smiles narrow eyes, and networks that
do not know what to say of an eye are between the two."""
SMALLEST_SPAN = 0.25
"""Between a person's open and closed eye."""
SURELY_CLOSED, SURELY_OPEN = 0.6, 0.3
"""A reading counts towards this person's open eye below the first; or when the landmark network reads less than the
second, whatever the eye network takes the eye for."""
PRIOR_SECONDS, PROFILE_SECONDS = 1.0, 60.0
"""Time after which what is measured weighs as much as the average eye, or as one kept from an earlier run: an open eye
that is misread (narrow, made up, behind glare) recovers so fast."""
LARGEST_HABIT = 0.65


class OpennessCalibration:
    """One person's open eye: what the networks mostly read of it. update_seconds: learning stops this long after the
    first frame; 0 = never."""

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._habit = RunningMedian(np.zeros(2), PRIOR_SECONDS)
        self._last = [1.0, 1.0]
        self._first_s: float | None = None

    def update(
        self, eye_blink: Sequence[float], face_blink: Sequence[float], visible: Sequence[bool], now_s: float
    ) -> list[float]:
        """Of the right and the left eye, 0 closed to 1 open.

        eye_blink, face_blink: of the eye network and of the landmark network, 0 to 1. visible: an eye
        outside the picture or behind dark glasses keeps its last value.
        """
        if self._first_s is None:
            self._first_s = now_s
        closing = [_together(eye, face) for eye, face in zip(eye_blink, face_blink, strict=True)]
        learning = self._update_seconds <= 0 or now_s - self._first_s <= self._update_seconds
        if learning and all(visible) and (max(closing) < SURELY_CLOSED or max(face_blink) < SURELY_OPEN):
            self._habit.add(closing, now_s)
        now = zip(closing, self._habits(), visible, self._last, strict=True)
        self._last = [_openness(eye, habit) if is_seen else last for eye, habit, is_seen, last in now]
        return self._last

    def _habits(self) -> list[float]:
        return [min(max(value, 0.0), LARGEST_HABIT) for value in self._habit.value()]

    def export(self) -> dict[str, Any]:
        """The values that a profile keeps."""
        return {"habit": self._habits()}

    def restore(self, kept: dict[str, Any]) -> None:
        """Raises ValueError when `kept` does not fit."""
        self._habit = RunningMedian(kept_array(kept, "habit", (2,), 0.0, LARGEST_HABIT), PROFILE_SECONDS)


def _together(eye: float, face: float) -> float:
    """How far an eye is closing, as both networks say, 0 to 1."""
    return 1 / (1 + math.exp(-(EYE_WEIGHT * _log_odds(eye) + FACE_WEIGHT * _log_odds(face) + BIAS)))


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return min(max(math.log(share / (1 - share)), -MOST_LOG_ODDS), MOST_LOG_ODDS)


def _openness(closing: float, habit: float) -> float:
    """0 to 1, from what the networks say now and what they mostly say of this person's open eye."""
    rest = max(NO_BLINK, habit)
    full = max(FULL_BLINK, rest + SMALLEST_SPAN)
    closed = min(max((closing - rest) / (full - rest), 0.0), 1.0)
    if closed < SOME:
        closed = max(closed - LITTLE, 0.0) * SOME / (SOME - LITTLE)
    return 1 - closed
