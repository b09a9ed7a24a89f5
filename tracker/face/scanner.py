"""Looks for further faces in a thread of its own, so that the faces already held are not kept waiting."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from tracker.face.detector import Candidate
from tracker.face.finder import FaceFinder


class BackgroundDetector:
    """One frame in, its faces out, whenever they are ready. A request while one is running is not taken."""

    def __init__(self, finder: FaceFinder, limit: int) -> None:
        self._finder, self._limit = finder, limit
        self._wake = threading.Condition()
        self._frame: npt.NDArray[np.uint8] | None = None
        self._found: list[Candidate] = []
        self._failure: Exception | None = None
        self._busy = self._stopping = False
        self._thread = threading.Thread(target=self._work, name="face-scan", daemon=True)
        self._thread.start()

    def request(self, bgr: npt.NDArray[np.uint8]) -> None:
        """Scan `bgr` (H, W, 3), which must not change any more."""
        with self._wake:
            if not self._busy:
                self._frame, self._busy = bgr, True
                self._wake.notify()

    def collect(self) -> list[Candidate]:
        """What was found since the last call; an error in the thread is raised here."""
        with self._wake:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            found, self._found = self._found, []
            return found

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._frame is not None or self._stopping)
                if self._stopping:
                    return
                frame, self._frame = self._frame, None
            assert frame is not None
            found: list[Candidate] = []
            failure: Exception | None = None
            try:
                found = self._finder.detect(frame, self._limit)
            except Exception as error:  # handed to the owner, who decides
                failure = error
            with self._wake:
                self._found, self._failure, self._busy = found, failure, False
