"""What a person's face shows while it does nothing, as far as the coefficients read it.

The network answers 0 for most people's resting face, but not for everybody's: a full lip can read as a slight pucker,
a low brow as a slight frown. That much is learnt slowly and taken off, so that it helps a still face and never costs
a movement.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tracker import topology as t
from tracker.face.kept import kept_array
from tracker.sample_window import SampleWindow
from tracker.types import FloatArray

N = len(t.BLENDSHAPE_NAMES)
WARM_UP_S = 2.0
"""Nothing is learnt in the first seconds: what a face shows then is no more its rest than what it shows later."""
RISE_PER_S, FALL_PER_S = 0.004, 0.06
"""How fast the estimate follows from below and from above. Their ratio makes it the quantile at RISE / (RISE + FALL),
6 %, of what a coefficient does: the rest is among the lowest values, wherever the rest of the time is spent."""
LARGEST_REST = 0.25
"""Beyond this a reading is an expression, however long it lasts."""
LARGEST_RETAKEN = 0.8
"""The same for a rest that the user asked for (recentring)."""
EXPRESSIVE = 0.35
"""Above this for any coefficient of mouth, cheeks or brows, the face is not at rest and the estimate does not rise."""
LEARN_S, MOST_LEARN_S = 0.09, 0.2
"""It is learnt from a frame this often; a frame counts for the time since the last, and for no more than the second."""
RETAKE_S, MIN_RETAKEN = 1.0, 5

_names = np.array(t.BLENDSHAPE_NAMES)
LEARNT = np.array([not name.startswith(("eyeBlink", "eyeLook", "tongue")) for name in _names])
"""Which coefficients have a rest here. Lids and gaze have their own (`openness`, `gaze`)."""


class RestingFace:
    """The rest of one person: (52,) values that are taken off the coefficients."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._rest = np.zeros(N)
        self._first_s: float | None = None
        self._learnt_s = 0.0
        self._window = SampleWindow[FloatArray](RETAKE_S, MIN_RETAKEN)
        self._retaking = False

    def retake(self) -> None:
        """Take the median of the next second for the rest, whatever the face does then."""
        self._window.clear()
        self._retaking = True

    def update(self, coefficients: FloatArray, now_s: float, learn: bool) -> FloatArray:
        """(52,) the coefficients less the rest, still 0 to 1: what was 1 stays 1.

        coefficients: (52,) 0 to 1. learn: the frame may change the estimate.
        """
        if self._first_s is None:
            self._first_s = self._learnt_s = now_s
        if learn and self._retaking:
            self._retake(coefficients, now_s)
        elapsed = now_s - self._learnt_s
        if elapsed >= LEARN_S:
            self._learnt_s = now_s
            if learn and not self._retaking and now_s - self._first_s >= WARM_UP_S:
                self._learn(coefficients, min(elapsed, MOST_LEARN_S))
        return np.maximum((coefficients - self._rest) / (1.0 - self._rest), 0.0)

    def _learn(self, coefficients: FloatArray, elapsed_s: float) -> None:
        at_rest = float(np.maximum.reduce(coefficients * LEARNT)) < EXPRESSIVE
        rise = RISE_PER_S * elapsed_s if at_rest else 0.0
        step = np.minimum(np.maximum(coefficients - self._rest, -FALL_PER_S * elapsed_s), rise)
        highest = np.maximum(LARGEST_REST, self._rest)  # a retaken rest may be higher; it only falls
        self._rest = np.minimum(np.maximum(self._rest + step, 0.0), highest) * LEARNT

    def _retake(self, coefficients: FloatArray, now_s: float) -> None:
        self._window.add(coefficients, now_s)
        if self._window.is_complete(now_s):
            self._rest = np.clip(np.median(self._window.samples, axis=0), 0.0, LARGEST_RETAKEN) * LEARNT
            self._retaking = False

    def export(self) -> dict[str, Any]:
        """What a profile keeps."""
        return {"rest": dict(zip(t.BLENDSHAPE_NAMES, np.round(self._rest, 4).tolist(), strict=True))}

    def restore(self, kept: dict[str, Any]) -> None:
        """Begin with an earlier run's rest. Raises ValueError when `kept` does not fit."""
        rest = kept.get("rest") if isinstance(kept, dict) else None
        if not isinstance(rest, dict):
            raise ValueError("'rest' is missing")
        values = [rest.get(name, 0.0) for name in t.BLENDSHAPE_NAMES]
        self._rest = kept_array({"rest": values}, "rest", (N,), 0.0, LARGEST_RETAKEN) * LEARNT
        self._first_s = None
