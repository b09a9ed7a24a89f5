"""Times the stages of one frame."""

from __future__ import annotations

import time
from dataclasses import fields

from tracker.types import StageTimings

_STAGES = tuple(field.name for field in fields(StageTimings) if field.name != "total")
_PLACES = {name: place for place, name in enumerate(_STAGES)}


class Stopwatch:
    """Accumulates the time spent in each stage since `restart`. For figures only: no result depends on it."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin a frame."""
        self._begin_s = self._last_s = time.perf_counter()
        self._stages_ms = [0.0] * len(_STAGES)

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage, named as in `StageTimings`."""
        now_s = time.perf_counter()
        self._stages_ms[_PLACES[stage]] += 1e3 * (now_s - self._last_s)
        self._last_s = now_s

    def skip(self) -> None:
        """The time since the last lap belongs to no stage."""
        self._last_s = time.perf_counter()

    def timings(self) -> StageTimings:
        """The times since `restart`."""
        total_ms = 1e3 * (time.perf_counter() - self._begin_s)
        return StageTimings(*[*self._stages_ms, total_ms])
