"""What a launcher or game engine can change and ask while the tracker runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tracker.app.shutdown import StopRequest
from tracker.app.statistics import RecentFrames
from tracker.output.recentring import Recentring
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

LOST_AFTER_S = 2.0
"""A live source that delivers nothing for so long counts as lost."""
CPU_INTERVAL_S = 0.5
"""The processor share is measured over at least so long."""


class Steered(Protocol):
    """What is asked of an engine; both take effect with its next frame."""

    def recentre(self) -> None: ...

    def reset_calibration(self) -> None: ...


class RunControl:
    """Between the tracking thread, which looks here with every frame, and those who steer from another thread.

    Pausing keeps the source: a camera's pictures are read and left, so that it goes on at once; a file waits.
    """

    def __init__(
        self,
        stop: StopRequest,
        *,
        source: str = "",
        is_live: bool = True,
        on_recentre: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        process_time: Callable[[], float] = time.process_time,
    ) -> None:
        self.paused = False
        self._stop = stop
        self._source = source
        self._is_live = is_live
        self._on_recentre = on_recentre
        self._monotonic = monotonic
        self._process_time = process_time
        self._engine: Steered | None = None
        self._recentring = Recentring()
        self._recent = RecentFrames()
        self._granted: str | None = None
        self._dropped = 0
        self._last_frame_s: float | None = None
        self._picture_wanted = False
        self._picture: npt.NDArray[np.uint8] | None = None
        self._cpu_since = monotonic(), process_time()
        self._cpu_percent: float | None = None
        self._lock = threading.Lock()

    # For the tracking thread.

    def bind(self, engine: Steered) -> None:
        """The engine is made."""
        self._engine = engine

    def opened(self, source: str, granted: str | None) -> None:
        """The source delivers. source: its name, known better by now; granted: what it agreed to."""
        self._source = source
        self._granted = granted

    def saw(self, frame: Frame, dropped: int) -> None:
        """A picture came. dropped: how many gave way to newer ones so far."""
        self._last_frame_s = self._monotonic()
        self._dropped = dropped
        if self._picture_wanted:
            self._picture_wanted = False
            self._picture = frame.bgr.copy()

    def recentred(self, result: FrameResult) -> FrameResult:
        """`result` as it should be sent."""
        return self._recentring.apply(result)

    def add(self, result: FrameResult, latency_ms: float | None) -> None:
        """A frame was tracked and sent."""
        self._recent.add(result, self._monotonic(), latency_ms)

    # For other threads.

    def recentre(self) -> bool:
        """Take the pose and expression of the next moments for neutral. Whether there is an engine to tell."""
        if self._engine is None:
            return False
        self._recentring.request()
        self._engine.recentre()
        self._on_recentre()
        logger.info("recentring")
        return True

    def clear_recentring(self) -> None:
        """Send poses as the camera sees them again."""
        self._recentring.reset()
        logger.info("recentring cleared")

    def reset_calibration(self) -> bool:
        """Forget how far expressions reach. Whether there is an engine to tell."""
        if self._engine is None:
            return False
        self._engine.reset_calibration()
        logger.info("calibration reset")
        return True

    def pause(self, paused: bool) -> None:
        """Stop or go on to track and send."""
        if paused != self.paused:
            self.paused = paused
            logger.info("paused" if paused else "tracking again")

    def quit(self) -> None:
        """End soon."""
        self._stop.request("asked to over the control channel")

    def want_picture(self) -> None:
        """Let the next picture be kept."""
        self._picture = None
        self._picture_wanted = True

    def take_picture(self) -> npt.NDArray[np.uint8] | None:
        """(H, W, 3) BGR, the picture that was wanted, once; None while it has not come."""
        picture, self._picture = self._picture, None
        return picture

    def forget_picture(self) -> None:
        """It is not wanted any more."""
        self._picture_wanted = False
        self._picture = None

    def statistics(self) -> dict[str, Any]:
        """How tracking goes, fit for JSON; ``docs/CONTROL.md`` explains each field."""
        now_s = self._monotonic()
        return {
            "state": self._state(now_s),
            **self._recent.figures(now_s),
            "dropped": self._dropped,
            "cpu_percent": self._cpu(now_s),
            "memory_bytes": _memory_bytes(),
            "source": self._source,
            "granted": self._granted,
        }

    def _state(self, now_s: float) -> str:
        if self._last_frame_s is None:
            return "opening"
        if self._is_live and now_s - self._last_frame_s > LOST_AFTER_S:
            return "lost"
        return "paused" if self.paused else "tracking"

    def _cpu(self, now_s: float) -> float | None:
        """Percent of one core since the measurement before; None in the first moments."""
        with self._lock:
            since_s, used_s = self._cpu_since
            if now_s - since_s >= CPU_INTERVAL_S:
                now_used_s = self._process_time()
                self._cpu_percent = round(100.0 * (now_used_s - used_s) / (now_s - since_s), 1)
                self._cpu_since = now_s, now_used_s
            return self._cpu_percent


def _memory_bytes() -> int | None:
    import psutil

    try:
        return int(psutil.Process().memory_info().rss)
    except psutil.Error:
        return None
