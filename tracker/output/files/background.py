"""Runs a slow sink in a thread of its own, so that tracking does not wait for a disk."""

from __future__ import annotations

import dataclasses
import logging
import threading

import numpy as np

from tracker.handoff import HandoffQueue
from tracker.output.sink import Sink
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


class BackgroundSink:
    """Writes results to `sink` from a thread named after it.

    size: maximum number of queued results. is_live: policy when the queue is full. With a live source the oldest
    result is dropped and counted, because the camera cannot wait; with a file `write` blocks, so that nothing is lost.
    needs_picture: whether `sink` reads ``frame.bgr``; only then is the picture copied and queued.

    An exception in `sink` ends the thread and is raised by every later `write`, or else by `close`.
    """

    def __init__(self, sink: Sink, size: int, is_live: bool, needs_picture: bool, close_limit_s: float = 10.0) -> None:
        self.name = sink.name
        self._sink = sink
        self._needs_picture = needs_picture
        self._close_limit_s = close_limit_s
        self._queue: HandoffQueue[tuple[Frame, FrameResult]] = HandoffQueue(size, newest_wins=is_live)
        self._closed = False
        self._failure: Exception | None = None
        self._failure_was_raised = False
        self._thread = threading.Thread(target=self._run, name=f"{sink.name}-writer", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Number of results dropped because the sink was too slow."""
        return self._queue.dropped

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Queue one result. Raises what the sink raised in its thread."""
        queued = dataclasses.replace(frame, bgr=frame.bgr.copy() if self._needs_picture else _NO_PICTURE)
        if not self._queue.put((queued, result)):
            self._raise_failure()

    def close(self) -> None:
        """Write what is queued, close the sink and end the thread. Safe to call twice.

        Gives up after `close_limit_s`, with a warning, when the sink hangs. Raises what the sink raised.
        """
        self._queue.close()
        self._thread.join(self._close_limit_s)
        if self._thread.is_alive():
            logger.warning("%s did not finish: %d frames were not written", self.name, len(self._queue))
        if self.dropped and not self._closed:
            logger.warning("%s was too slow for this source: %d frames were dropped", self.name, self.dropped)
        self._closed = True
        if not self._failure_was_raised:
            self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            self._failure_was_raised = True
            raise self._failure

    def _run(self) -> None:
        try:
            try:
                while (item := self._queue.take()) is not None:
                    self._sink.write(*item)
            finally:
                self._sink.close()
        except Exception as failure:  # raised in the owner's thread
            self._failure = failure
            self._queue.close()
