"""What a launcher or game engine can change and query while the tracker runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tracker.app.command_error import CommandError
from tracker.app.expression_control import ExpressionControl
from tracker.app.shutdown import StopRequest
from tracker.app.statistics import RecentFrames
from tracker.face.taught.library import TaughtExpressions
from tracker.output.recentring import Recentring
from tracker.output.sensitivity import Sensitivity, read_settings
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

LOST_AFTER_S = 2.0
"""A live source that delivers nothing for this long counts as lost."""
CPU_INTERVAL_S = 0.5
"""Processor usage is measured over at least this time."""


class ControlledEngine(Protocol):
    """The engine's part of commands; both take effect with its next frame."""

    def recentre(self) -> None: ...

    def reset_calibration(self) -> None: ...


class RunControl(ExpressionControl):
    """Shared by the tracking thread, which reports each frame here, and the control channel's thread.

    Pausing keeps the source open: a camera's frames are read and dropped, so that it resumes at once; a file waits.
    """

    def __init__(
        self,
        stop: StopRequest,
        *,
        source: str = "",
        is_live: bool = True,
        on_recentre: Callable[[], None] = lambda: None,
        taught: TaughtExpressions | None = None,
        keep_taught: Callable[[], object] = lambda: None,
        sensitivity: Sensitivity | None = None,
        receivers: Callable[[], Sequence[Mapping[str, Any]]] = lambda: (),
        monotonic: Callable[[], float] = time.monotonic,
        process_time: Callable[[], float] = time.process_time,
    ) -> None:
        super().__init__(taught, keep_taught)
        self.paused = False
        self._stop = stop
        self._source = source
        self._is_live = is_live
        self._monotonic = monotonic
        self._process_time = process_time
        self._engine: ControlledEngine | None = None
        self._recentring = Recentring(on_recentre)
        self._sensitivity = sensitivity or Sensitivity()
        self._receivers = receivers
        self._recent = RecentFrames()
        self._negotiated_mode: str | None = None
        self._dropped = 0
        self._last_frame_s: float | None = None
        self._picture_wanted = False
        self._picture: npt.NDArray[np.uint8] | None = None
        self._cpu_since = monotonic(), process_time()
        self._cpu_percent: float | None = None
        self._lock = threading.Lock()

    # For the tracking thread.

    def attach(self, engine: ControlledEngine) -> None:
        """The engine exists from now on."""
        self._engine = engine

    def on_open(self, source: str, negotiated_mode: str | None) -> None:
        """The source delivers. source: its name, which may be more precise now; negotiated_mode: size, rate, format."""
        self._source = source
        self._negotiated_mode = negotiated_mode

    def on_frame(self, frame: Frame, dropped: int) -> None:
        """A frame arrived. dropped: frames replaced by newer ones so far."""
        self._last_frame_s = self._monotonic()
        self._dropped = dropped
        if self._picture_wanted:
            self._picture_wanted = False
            self._picture = frame.bgr.copy()

    def as_sent(self, result: FrameResult) -> FrameResult:
        """`result` as it should be sent: relative to the neutral pose, and as strong as the user wants it."""
        return self._sensitivity.apply(self._recentring.apply(result))

    def add(self, result: FrameResult, latency_ms: float | None) -> None:
        """A frame was tracked and sent."""
        self._recent.add(result, self._monotonic(), latency_ms)

    # Commands, for other threads: `protocol.control_commands` lists them. Each raises CommandError when it fails.

    def recentre(self, clear: bool = False) -> None:
        """Take the pose and expression of the next moments as neutral, or with `clear` send poses unchanged again."""
        if clear:
            self._recentring.reset()
            logger.info("recentring cleared")
            return
        engine = self._attached_engine()
        self._recentring.request()
        engine.recentre()
        logger.info("recentring")

    def reset_calibration(self) -> None:
        """Forget the range of each expression."""
        self._attached_engine().reset_calibration()
        logger.info("calibration reset")

    def pause(self) -> None:
        """Stop tracking and sending."""
        if not self.paused:
            self.paused = True
            logger.info("paused")

    def resume(self) -> None:
        """Continue after `pause`."""
        if self.paused:
            self.paused = False
            logger.info("tracking resumed")

    def mute_mouth(self) -> None:
        """Hold the mouth closed in everything that is sent."""
        self._sensitivity.mute_mouth(True)
        logger.info("mouth muted")

    def unmute_mouth(self) -> None:
        """Let the mouth move again."""
        self._sensitivity.mute_mouth(False)
        logger.info("mouth moves again")

    def sensitivity(self, settings: Mapping[str, Any] | None = None) -> None:
        """Change how strongly each expression moves what is sent."""
        try:
            self._sensitivity.set(read_settings(dict(settings or {})))
        except ValueError as error:
            raise CommandError(str(error)) from None

    def quit(self) -> None:
        """End the run soon."""
        self._stop.request("requested over the control channel")

    def statistics(self) -> dict[str, Any]:
        """Performance figures as JSON values; ``docs/CONTROL.md`` explains each field."""
        now_s = self._monotonic()
        return {
            "state": self._state(now_s),
            **self._recent.figures(now_s),
            "dropped": self._dropped,
            "cpu_percent": self._cpu(now_s),
            "memory_bytes": _memory_bytes(),
            "source": self._source,
            "granted": self._negotiated_mode,
            "mouth_muted": self._sensitivity.mouth_muted,
            "targets": list(self._receivers()),
        }

    # Pictures, for other threads.

    def want_picture(self) -> None:
        """Keep the next frame's picture."""
        self._picture = None
        self._picture_wanted = True

    def take_picture(self) -> npt.NDArray[np.uint8] | None:
        """The requested picture, (H, W, 3) BGR, once; None until it has arrived."""
        picture, self._picture = self._picture, None
        return picture

    def forget_picture(self) -> None:
        """Cancel the request."""
        self._picture_wanted = False
        self._picture = None

    def _attached_engine(self) -> ControlledEngine:
        if self._engine is None:
            raise CommandError("tracking has not begun yet")
        return self._engine

    def _state(self, now_s: float) -> str:
        if self._last_frame_s is None:
            return "opening"
        if self._is_live and now_s - self._last_frame_s > LOST_AFTER_S:
            return "lost"
        return "paused" if self.paused else "tracking"

    def _cpu(self, now_s: float) -> float | None:
        """Percent of one core since the previous measurement; None until there is one."""
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
