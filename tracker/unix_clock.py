"""The wall clock that goes on the wire."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MIN_STEP_S = 1e-6
"""Advance when the wall clock stood still or was set back; well above a double's resolution at present-day times."""


class UnixClock:
    """Seconds since 1970, strictly increasing: receivers discard frames that are not newer than the last."""

    def __init__(self, unix: Callable[[], float] = time.time) -> None:
        self._unix = unix
        self._last_s = -math.inf

    def now(self) -> float:
        """The current time, later than any returned before."""
        self._last_s = max(self._unix(), self._last_s + MIN_STEP_S)
        return self._last_s
