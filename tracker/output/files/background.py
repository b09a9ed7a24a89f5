"""Gives a slow sink a thread and a queue of its own, so that tracking does not wait for a disk."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections import deque

import numpy as np

from tracker.output.sink import Sink
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class BackgroundSink:
    """Hands results to `sink` in a thread named after it.

    size: how many results may wait. is_live: what happens when they do: with a live source the oldest is dropped and
    counted, because the camera cannot wait; with a file `write` waits, because nothing may be lost.
    needs_picture: whether `sink` looks at ``frame.bgr``; only then is the picture copied and kept.

    An exception inside `sink` ends its thread and is raised by every further `write`, or else by `close`.
    """

    def __init__(self, sink: Sink, size: int, is_live: bool, needs_picture: bool, close_limit_s: float = 10.0) -> None:
        self.name = sink.name
        self.dropped = 0
        self._sink = sink
        self._size = size
        self._is_live = is_live
        self._needs_picture = needs_picture
        self._close_limit_s = close_limit_s
        self._waiting: deque[tuple[Frame, FrameResult]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._closed = False
        self._failure: Exception | None = None
        self._failure_was_raised = False
        self._thread = threading.Thread(target=self._run, name=f"{sink.name}-writer", daemon=True)
        self._thread.start()

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Queue one result. Raises what the sink raised in its thread."""
        kept = dataclasses.replace(frame, bgr=frame.bgr.copy() if self._needs_picture else _NO_PICTURE)
        with self._changed:
            if not self._is_live:
                self._changed.wait_for(lambda: len(self._waiting) < self._size or self._failure or self._closing)
            self._raise_failure()
            if len(self._waiting) >= self._size:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((kept, result))
            self._changed.notify_all()

    def close(self) -> None:
        """Write what waits, then close the sink and end the thread. Safe to call twice.

        Gives up after `close_limit_s`, with a warning, when the sink hangs. Raises what the sink raised.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(self._close_limit_s)
        if self._thread.is_alive():
            logger.warning("%s did not finish: %d frames were not written", self.name, len(self._waiting))
        if self.dropped and not self._closed:
            logger.warning("%s was too slow for this source: %d frames were left out", self.name, self.dropped)
        self._closed = True
        with self._changed:
            if not self._failure_was_raised:
                self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            self._failure_was_raised = True
            raise self._failure

    def _run(self) -> None:
        try:
            try:
                while (item := self._next()) is not None:
                    self._sink.write(*item)
            finally:
                self._sink.close()
        except Exception as failure:
            with self._changed:
                self._failure = failure
                self._changed.notify_all()

    def _next(self) -> tuple[Frame, FrameResult] | None:
        """The oldest result that waits, or None when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            self._changed.notify_all()
            return item
