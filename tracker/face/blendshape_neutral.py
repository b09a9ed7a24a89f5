"""One person's resting face: what the measures are while nobody pulls a face."""

from __future__ import annotations

import numpy as np

from tracker.face.blendshape_measures import NAMES, NEUTRAL, SPREAD
from tracker.face.kept import kept_array
from tracker.sample_window import SampleWindow
from tracker.types import FloatArray

SECOND_S, FEWEST_FRAMES = 1.0, 5
"""A neutral face is the median of so long, and of no fewer frames."""
CALM = 1.2
"""Largest movement within a calm second (10th to 90th percentile), in spreads of neutral faces between people. What a
face is beyond `LARGEST_DEVIATION` counts as movement: somebody speaks or laughs."""
LARGEST_DEVIATION = 2.0
"""A neutral face is at most so many spreads from the average one: an open mouth is nobody's neutral."""
EYES_OPEN = 0.6
"""Openness under which a frame shows a blink and not a resting face."""
APPROACH_S = 0.25
"""Time constant with which a new neutral face replaces the last one, so that no coefficient jumps."""


class NeutralFace:
    """Starts as the average face and becomes the user's own after the first calm second.

    Until a second was calm the calmest one so far is taken; after it the neutral face stays until it is retaken. It
    remembers the head's pose as well: away from that, lengths are less certain.
    """

    def __init__(self) -> None:
        self._window: SampleWindow[FloatArray] = SampleWindow(SECOND_S, FEWEST_FRAMES)
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._target, self._pose_target = NEUTRAL, np.zeros(2)
        self._value, self._pose = NEUTRAL, np.zeros(2)
        self._best = np.inf  # how restless the second was that was taken
        self._asked = False
        self._window.clear()
        self._last_s: float | None = None

    def retake(self) -> None:
        """Take the next second, calm or not."""
        self._asked = True
        self._window.clear()

    def update(
        self, measured: FloatArray, pose: FloatArray, openness: FloatArray, now_s: float, learn: bool
    ) -> tuple[FloatArray, FloatArray]:
        """The neutral face (N,) and its sines of pitch and yaw (2,) at media time `now_s`.

        measured: (N,), pose: (2,) the same of this frame; openness: (2,). learn: this frame is to be trusted.
        """
        if learn and (self._asked or self._best > CALM) and float(openness.min()) >= EYES_OPEN:
            self._collect(np.concatenate([measured, pose]), now_s)
        elapsed = 0.0 if self._last_s is None else max(0.0, now_s - self._last_s)
        self._last_s = now_s
        if self._value is not self._target:
            share = 1 - float(np.exp(-elapsed / APPROACH_S))
            self._value = self._value + share * (self._target - self._value)
            self._pose = self._pose + share * (self._pose_target - self._pose)
            if np.abs(self._value - self._target).max() < 1e-3:
                self._value, self._pose = self._target, self._pose_target
        return self._value, self._pose

    def _collect(self, row: FloatArray, now_s: float) -> None:
        self._window.add(row, now_s)
        if not self._window.is_complete(now_s):
            return
        low, middle, high = np.percentile(self._window.samples, [10, 50, 90], axis=0)
        deviation = (middle[: len(NAMES)] - NEUTRAL) / SPREAD
        movement = float(((high - low)[: len(NAMES)] / SPREAD).max())
        restless = movement + max(0.0, float(np.abs(deviation).max()) - LARGEST_DEVIATION)
        if self._asked or restless < self._best:
            self._target = NEUTRAL + SPREAD * np.clip(deviation, -LARGEST_DEVIATION, LARGEST_DEVIATION)
            self._pose_target = middle[len(NAMES) :]
            self._best = 0.0 if self._asked else restless
            self._asked = False
        self._window.clear()

    def export(self) -> dict[str, float]:
        """What a profile keeps: measures by name."""
        return dict(zip(NAMES, self._target.tolist(), strict=True))

    def restore(self, kept: dict[str, float]) -> None:
        """Begin with an earlier run's. Raises ValueError when `kept` does not fit."""
        if not isinstance(kept, dict):
            raise ValueError("the neutral face is not an object")
        # A name that is new since the profile was kept starts from the average.
        known = [kept.get(name, start) for name, start in zip(NAMES, NEUTRAL.tolist(), strict=True)]
        values = kept_array({"neutral face": known}, "neutral face", (len(NAMES),))
        self._target = self._value = values
        self._best = 0.0
