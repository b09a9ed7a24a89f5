"""Scans for further faces in a thread of its own, so that the faces being tracked are not delayed."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from tracker.face.detector import Candidate
from tracker.face.finder import FaceFinder
from tracker.handoff import HandoffQueue

Image = npt.NDArray[np.uint8]


class BackgroundDetector:
    """Detects faces in one frame at a time; requests made while it is busy are ignored. Used from one thread."""

    def __init__(self, finder: FaceFinder, limit: int) -> None:
        self._finder, self._limit = finder, limit
        self._requests: HandoffQueue[Image] = HandoffQueue()
        self._results: HandoffQueue[list[Candidate] | Exception] = HandoffQueue()
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="face-scan", daemon=True)
        self._thread.start()

    def request(self, bgr: Image) -> None:
        """Scan `bgr` (H, W, 3), which must not be modified afterwards."""
        if not self._busy:
            self._busy = True
            self._requests.put(bgr)

    def collect(self) -> list[Candidate]:
        """Return the faces found since the last call. Raises what the thread raised."""
        found = self._results.take(0.0)
        if isinstance(found, Exception):
            raise found
        return found or []

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._requests.close()
        self._thread.join()

    def _run(self) -> None:
        while (bgr := self._requests.take()) is not None:
            result: list[Candidate] | Exception
            try:
                result = self._finder.detect(bgr, self._limit)
            except Exception as error:  # raised in the owner's thread
                result = error
            self._results.put(result)
            self._busy = False
