"""From probabilities to the expression that is shown, without flicker."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

LOOK_S = 0.1
"""Frames closer than this share their errors: so much time counts as one look at the face."""
CHANGES_PER_S = 0.25
"""How often a face changes from one expression to another, before anything is seen of it."""
DEFAULT_THRESHOLD, DEFAULT_HOLD_S = 0.6, 0.03
NONE_HOLD_S = 0.3
"""A face that is like no expression changes nothing before this long: hands and blurs pass."""
FADE_S = 0.15
"""Time in which an expression is faded in or out, for avatars."""


class Belief:
    """Which expression the face holds, from all that was seen of it: the forward filter of a hidden Markov model.

    Clear evidence changes it within two or three frames; a frame or two of doubtful evidence do not.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        """weights: of each expression, how much likelier than others a face changes to it."""
        total = sum(weights)
        self._weights = [weight / total for weight in weights]
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._shares = list(self._weights)
        self._last_s: float | None = None

    def update(self, scores: Sequence[float], now_s: float) -> list[float]:
        """The probabilities at media time `now_s`. scores: log-likelihood of each expression in this frame."""
        elapsed_s = LOOK_S if self._last_s is None else min(max(now_s - self._last_s, 0.0), 1.0)
        self._last_s = now_s
        changed = 1.0 - math.exp(-CHANGES_PER_S * elapsed_s)
        looks = min(elapsed_s / LOOK_S, 1.0)
        highest = max(scores)
        raised = [
            ((1.0 - changed) * share + changed * weight) * math.exp(looks * (score - highest))
            for share, weight, score in zip(self._shares, self._weights, scores, strict=True)
        ]
        total = sum(raised)
        self._shares = [value / total for value in raised]
        return list(self._shares)


class Decision:
    """Which expression is shown.

    It changes once another one was likelier than `threshold` for `hold_s` without a break. A face in between keeps
    what is shown.
    """

    def __init__(self, threshold: float = DEFAULT_THRESHOLD, hold_s: float = DEFAULT_HOLD_S) -> None:
        self.threshold, self.hold_s = threshold, hold_s
        self.reset()

    def reset(self) -> None:
        """Show nothing."""
        self.name: str | None = None
        self.since_s = 0.0
        self._next: str | None = None
        self._next_since_s: float | None = None

    def update(self, likeliest: str, probability: float, is_like_any: bool, now_s: float) -> None:
        """Take one frame's judgement at media time `now_s`."""
        if is_like_any and probability < self.threshold:
            self._next_since_s = None
            return
        candidate = likeliest if is_like_any else None
        if candidate == self.name:
            self._next_since_s = None
            return
        if self._next_since_s is None or candidate != self._next:
            self._next, self._next_since_s = candidate, now_s
        if now_s - self._next_since_s >= (self.hold_s if is_like_any else NONE_HOLD_S) - 1e-6:
            self.name, self.since_s = candidate, now_s
            self._next_since_s = None


class Fade:
    """How far each expression is faded in, 0 to 1."""

    def __init__(self) -> None:
        self._weights: dict[str, float] = {}
        self._last_s: float | None = None

    def update(self, name: str | None, now_s: float) -> Mapping[str, float]:
        """The weights at media time `now_s` while `name` is shown; those that have reached 0 are left out."""
        step = 0.0 if self._last_s is None else max(0.0, now_s - self._last_s) / FADE_S
        self._last_s = now_s
        if name is not None:
            self._weights.setdefault(name, 0.0)
        faded = {
            each: min(1.0, weight + step) if each == name else weight - step for each, weight in self._weights.items()
        }
        self._weights = {each: weight for each, weight in faded.items() if weight > 0.0 or each == name}
        return dict(self._weights)
