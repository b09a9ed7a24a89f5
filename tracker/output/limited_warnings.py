"""Warnings about what others say and do: each once, few at a time, and harmless to show."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from protocol.foreign_json import printable

MOST, WITHIN_S = 5, 60.0
_MAX_CHARACTERS = 300


class LimitedWarnings:
    """Logs each wording once until `forget`, and at most `MOST` in any `WITHIN_S` seconds, whatever is new about them.

    logger: where to. what: who it is about, for the line that says that more is left out.
    """

    def __init__(self, logger: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._what = what
        self._clock = clock
        self._said: set[str] = set()
        self._times: deque[float] = deque(maxlen=MOST)
        self._told_more = False

    def warn(self, text: str) -> None:
        """Log `text` as one line, unless that was said or too much was said just now."""
        line = printable(text, _MAX_CHARACTERS)
        if line in self._said:
            return
        now_s = self._clock()
        if len(self._times) == MOST and now_s - self._times[0] < WITHIN_S:
            if not self._told_more:
                self._told_more = True
                self._logger.warning("%s: more such messages follow and are left out", self._what)
            return
        self._told_more = False
        self._times.append(now_s)
        self._said.add(line)
        self._logger.warning("%s", line)

    def forget(self) -> None:
        """It works again: what was said may be said once more."""
        self._said.clear()
