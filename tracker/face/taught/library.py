"""The expressions of one user: recording, training, recognition and the manual override, shared by two threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracker.face.taught.decision import DEFAULT_HOLD_S, DEFAULT_THRESHOLD, Belief, Decision, Fade
from tracker.face.taught.discriminant import NEUTRAL, Discriminant, TrainingReport, train
from tracker.face.taught.kept_model import export_model, restored_model
from tracker.face.taught.measures import MEASURES, measured
from tracker.face.taught.naming import checked_name
from tracker.face.taught.samples import FEWEST_SAMPLES, MAX_NAMES, SAMPLE_S, SampleStore
from tracker.rate_limit import RateLimiter
from tracker.types import Face, FloatArray, TaughtExpression

KIND, VERSION = "facetracker expressions", 2
LONGEST_S = 300.0
"""Of one recording."""


@dataclass(slots=True)
class _Recording:
    """One that goes on. seconds: only time with a face in the frame counts."""

    name: str
    countdown_s: float
    seconds: float
    samples: list[FloatArray]
    limiter: RateLimiter
    first_s: float | None = None
    last_s: float | None = None
    waited_s: float = 0.0
    recorded_s: float = 0.0


class TaughtExpressions:
    """What a user taught, and which of it the face shows now.

    `apply` is for the tracking thread; everything else may be called from any. on_recorded: called when a recording is
    complete, or cut short by the next; by `apply` too, which must not wait for it. recorded_samples: how many the last
    recording that ended has added.

    >>> taught = TaughtExpressions()
    >>> taught.start("joy", seconds=10.0)
    ... # ten seconds of frames later, and the same with "neutral":
    >>> taught.train()
    """

    def __init__(self, on_recorded: Callable[[], object] = lambda: None) -> None:
        self.on_recorded = on_recorded
        self.recorded_samples = 0
        self._lock = threading.Lock()
        self._store = SampleStore()
        self._model: Discriminant | None = None
        self._belief = Belief(())
        self._report: TrainingReport | None = None
        self._recording: _Recording | None = None
        self._enabled = True
        self._override: str | None = None
        self._overridden_s: float | None = None
        self._decision = Decision()
        self._fade = Fade()
        self._probabilities: dict[str, float] = {}
        self._is_like_any = True

    @property
    def active(self) -> bool:
        """Whether frames are looked at: there is something to record, to recognise or to override."""
        return self._recording is not None or self._override is not None or (self._model is not None and self._enabled)

    @property
    def is_behind(self) -> bool:
        """Whether there are recordings of expressions that were not learnt, two or more with the others."""
        with self._lock:
            recorded = set(self._store.learnable())
            return len(recorded) > 1 and recorded != set(() if self._model is None else self._model.names)

    # For the tracking thread.

    def apply(self, face: Face, now_s: float) -> Face:
        """`face` with what was recognised in it at media time `now_s`. Frames must come in order."""
        if not self.active:
            return face
        values = measured(face)
        finished = False
        with self._lock:
            if values is not None and self._recording is not None:
                finished = self._record(self._recording, values, now_s)
            shown = self._shown(values, now_s)
        if finished:
            self.on_recorded()
        return face if shown is None else replace(face, taught=shown)

    def _record(self, recording: _Recording, values: FloatArray, now_s: float) -> bool:
        """Take a frame. Returns whether the recording is complete."""
        if recording.first_s is None:
            recording.first_s = now_s
        recording.waited_s = now_s - recording.first_s
        if recording.waited_s < recording.countdown_s:
            return False
        if recording.last_s is not None:
            recording.recorded_s += min(now_s - recording.last_s, 0.5)  # a face that was away did not record
        recording.last_s = now_s
        if recording.limiter.allows(now_s):
            recording.samples.append(values)
        if recording.recorded_s < recording.seconds:
            return False
        self._finish()
        return True

    def _finish(self) -> str | None:
        """End the recording and keep its samples. Returns its name, if there were any."""
        recording, self._recording = self._recording, None
        if recording is None:
            return None
        self.recorded_samples = len(recording.samples)
        if not recording.samples:
            return None
        self._store.add(recording.name, np.stack(recording.samples))
        return recording.name

    def _shown(self, values: FloatArray | None, now_s: float) -> TaughtExpression | None:
        decision, probability = self._decision, 0.0
        if self._model is not None and self._enabled and values is not None:
            scores, self._is_like_any = self._model.judge(values)
            shares = self._belief.update(scores, now_s)
            self._probabilities = dict(zip(self._model.names, shares, strict=True))
            likeliest = max(self._probabilities, key=self._probabilities.__getitem__)
            decision.update(likeliest, self._probabilities[likeliest], self._is_like_any, now_s)
        name, since_s = decision.name, decision.since_s
        if not self._enabled:
            name = None
        if self._override is not None:
            if self._overridden_s is None:
                self._overridden_s = now_s
            name, since_s, probability = self._override, self._overridden_s, 1.0
        elif name is not None:
            probability = self._probabilities.get(name, 0.0)
        weights = self._fade.update(None if name == NEUTRAL else name, now_s)
        if name is None and not weights:
            return None
        return TaughtExpression(name, probability, since_s, weights, self._override is not None)

    # For any thread.

    def start(self, name: str, seconds: float = LONGEST_S, countdown_s: float = 0.0) -> str:
        """Record `name` from the next frame with a face on, after a countdown. Ends a recording that goes on.

        Returns the name as it is kept. Raises ValueError for a name that cannot be.
        """
        with self._lock:
            name = checked_name(name)
            name = NEUTRAL if name.casefold() == NEUTRAL else self._store.known(name)
            ended = self._finish()
            has_room = name in self._store or len(list(self._store)) < MAX_NAMES
            if has_room:
                limiter = RateLimiter(1.0 / SAMPLE_S)
                self._recording = _Recording(name, countdown_s, min(seconds, LONGEST_S), [], limiter)
        if ended is not None:
            self.on_recorded()
        if not has_room:
            raise ValueError(f"there are {MAX_NAMES} expressions already; clear one first")
        return name

    def stop(self) -> str | None:
        """End the recording. Returns the name that has new samples, if any."""
        with self._lock:
            return self._finish()

    def clear(self, name: str) -> str:
        """Forget all samples of `name`. Returns it as it was kept. Raises ValueError for one that is not known."""
        with self._lock:
            name = self._known(name)
            self._store.clear(name)
            if self._override == name:
                self._override = None
            if self._decision.name == name:
                self._decision.reset()
            self._take(None, None)
        return name

    def train(self) -> TrainingReport:
        """Learn from all that was recorded. Raises ValueError when that is too little."""
        with self._lock:
            recordings = self._store.learnable()
        model, report = train(recordings, SAMPLE_S)
        with self._lock:
            self._take(model, report)
            if self._decision.name not in model.names:
                self._decision.reset()
        return report

    def enable(self, on: bool = True, threshold: float | None = None, hold_s: float | None = None) -> None:
        """Whether expressions are recognised, and how sure (0 to 1) and how long (seconds) one must be seen."""
        with self._lock:
            self._enabled = on
            if not on:
                self._decision.reset()
                self._belief.reset()
                self._probabilities = {}
            if threshold is not None:
                self._decision.threshold = threshold
            if hold_s is not None:
                self._decision.hold_s = hold_s

    def override(self, name: str | None) -> str | None:
        """Show `name` whatever the face does; None lets the face decide again.

        Raises ValueError for a name that is not known.
        """
        with self._lock:
            self._override = None if name is None else self._known(name)
            self._overridden_s = None
            return self._override

    def state(self) -> dict[str, Any]:
        """Everything there is to show, as JSON values; ``docs/CONTROL.md`` explains the fields."""
        with self._lock:
            recall = {} if self._report is None else self._report.recall
            probabilities = self._probabilities
            return {
                "enabled": self._enabled,
                "trained": self._model is not None,
                "threshold": self._decision.threshold,
                "hold_s": self._decision.hold_s,
                "expressions": [
                    {
                        "name": name,
                        "seconds": round(self._store.count(name) * SAMPLE_S, 1),
                        "enough": self._store.count(name) >= FEWEST_SAMPLES,
                        "recall": None if name not in recall else round(recall[name], 3),
                        "probability": round(probabilities.get(name, 0.0), 3),
                    }
                    for name in self._store
                ],
                "mistaken": [] if self._report is None else mistaken(self._report),
                "recording": None if self._recording is None else _described(self._recording),
                "shown": self._override or (self._decision.name if self._enabled else None),
                "like_any": self._is_like_any,
                "override": self._override,
            }

    def export(self) -> dict[str, Any]:
        """The samples, the model and the settings, as JSON values."""
        with self._lock:
            return {
                "format": KIND,
                "version": VERSION,
                "measures": list(MEASURES),
                "threshold": self._decision.threshold,
                "hold_s": self._decision.hold_s,
                "expressions": self._store.export(),
                "model": None if self._model is None else export_model(self._model, self._report),
            }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Start from an earlier run's. Raises ValueError, and changes nothing, when it is damaged."""
        if kept.get("format") != KIND or kept.get("version") != VERSION:
            raise ValueError(f"not version {VERSION} of {KIND}, which this release reads")
        if kept.get("measures") != list(MEASURES):
            raise ValueError("recorded by another release with other measures")
        store = SampleStore.restored(kept.get("expressions"))
        model, report = restored_model(kept.get("model"), tuple(store))
        threshold = _share(kept.get("threshold", DEFAULT_THRESHOLD), 1.0)
        hold_s = _share(kept.get("hold_s", DEFAULT_HOLD_S), 10.0)
        with self._lock:
            self._store = store
            self._decision = Decision(threshold, hold_s)
            self._take(model, report)

    def _take(self, model: Discriminant | None, report: TrainingReport | None) -> None:
        """Judge by `model` from now on."""
        self._model, self._report = model, report
        self._belief = Belief(() if model is None else model.weights)
        self._probabilities = {}

    def _known(self, name: str) -> str:
        known = self._store.known(checked_name(name))
        if known not in self._store:
            names = ", ".join(self._store) or "none yet"
            raise ValueError(f"there is no expression {known!r}; there are {names}")
        return known


OFTEN = 0.05
"""Two expressions are often mistaken when more than this share of one is taken for the other."""


def mistaken(report: TrainingReport) -> list[dict[str, Any]]:
    """The pairs that are often mistaken, the worst first: which one to record again, and the share."""
    pairs: dict[frozenset[str], tuple[float, str, str]] = {}
    for name, taken in report.confusion.items():
        for other, share in taken.items():
            key = frozenset((name, other))
            if other != name and share > max(OFTEN, pairs.get(key, (0.0, "", ""))[0]):
                pairs[key] = (share, name, other)
    return [
        {"record": name, "taken_for": other, "share": round(share, 3)}
        for share, name, other in sorted(pairs.values(), reverse=True)
    ]


def _described(recording: _Recording) -> dict[str, Any]:
    return {
        "name": recording.name,
        "seconds": recording.seconds,
        "recorded_s": round(recording.recorded_s, 2),
        "countdown_s": round(max(0.0, recording.countdown_s - recording.waited_s), 2),
        "samples": len(recording.samples),
        "sees_face": recording.first_s is not None,
    }


def _share(value: Any, highest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= highest:
        raise ValueError(f"a setting is not between 0 and {highest:g}")
    return float(value)
