"""Times the stages of one frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields

from tracker.types import StageTimings

_STAGES = tuple(field.name for field in fields(StageTimings) if field.name != "total")


class Stopwatch:
    """Accumulates the time spent in each stage since `restart`. For figures only: no result depends on it."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin a frame."""
        self._begin_s = time.perf_counter()
        self._stages_s = dict.fromkeys(_STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the block to a stage, named as in `StageTimings`."""
        begin_s = time.perf_counter()
        yield
        self._stages_s[name] += time.perf_counter() - begin_s

    def timings(self) -> StageTimings:
        """The times since `restart`."""
        milliseconds = {name: 1e3 * seconds for name, seconds in self._stages_s.items()}
        return StageTimings(**milliseconds, total=1e3 * (time.perf_counter() - self._begin_s))
