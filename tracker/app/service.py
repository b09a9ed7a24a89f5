"""The main loop: takes frames, tracks them and writes the results, until something ends the run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from tracker.app.end_limit import close_within
from tracker.app.run_control import RunControl
from tracker.app.shutdown import StopRequest
from tracker.app.statistics import Reporter
from tracker.capture.source import FrameSource
from tracker.capture.thread import CaptureThread
from tracker.errors import FacetrackerError
from tracker.handoff import HandoffQueue
from tracker.output.sink import Sink
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

POLL_S = 0.05
"""How often the wait for a frame checks whether to stop."""
CLOSE_LIMIT_S = 1.0
"""How long a camera's driver, the network or the engine may delay the end."""
MAX_FAILURES_IN_A_ROW = 30


class Tracking(Protocol):
    """An engine, as the service uses it."""

    def process(self, frame: Frame) -> FrameResult: ...

    def close(self) -> None: ...


class Window(Protocol):
    """The preview, whose user can end the program. Used from the main thread only."""

    @property
    def wants_to_quit(self) -> bool: ...

    def write(self, frame: Frame, result: FrameResult) -> None: ...

    def pump(self) -> None: ...

    def close(self) -> None: ...


Engine = TypeVar("Engine", bound=Tracking)


class Service(Generic[Engine]):
    """One run, from opening `source` to its end.

    Frames are read in a separate thread and tracked in the calling one, which should be the main thread: signals
    arrive there, and windows work only there. Whatever ends the run, every sink is closed before `run` returns.

    make_engine: called while the source opens, as both take long.
    sender: receives each result first, and must not fail for reasons outside the program.
    make_files: creates the slow sinks after the first frame has arrived.
    make_window: likewise creates the preview, or None.
    run_control: executes commands from other threads meanwhile.
    parent_ended: polled with every frame and while none arrives. max_frames: end after this many; None = no limit.
    """

    def __init__(
        self,
        source: FrameSource,
        make_engine: Callable[[], Engine],
        sender: Sink,
        stop: StopRequest,
        reporter: Reporter,
        *,
        run_control: RunControl | None = None,
        make_files: Callable[[], Sequence[Sink]] = lambda: (),
        make_window: Callable[[], Window | None] = lambda: None,
        parent_ended: Callable[[], bool] = lambda: False,
        max_frames: int | None = None,
        before_end: Callable[[Engine], None] = lambda engine: None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """before_end: called after the last frame, to store what the engine learned."""
        self._source = source
        self._make_engine = make_engine
        self._stop = stop
        self._reporter = reporter
        self._run_control = run_control or RunControl(stop, is_live=source.is_live)
        self._make_files = make_files
        self._make_window = make_window
        self._parent_ended = parent_ended
        self._max_frames = max_frames
        self._before_end = before_end
        self._monotonic_ns = monotonic_ns
        self._handoff: HandoffQueue[Frame] = HandoffQueue.for_source(source.is_live)
        self._sender = sender
        self._files: list[Sink] = []
        self._window: Window | None = None
        self._failures_in_a_row = 0
        self._failures = 0
        self._sink_failed = False

    def run(self) -> int:
        """Track until the input ends, `stop` is requested or the parent is gone. Returns the exit code.

        Raises whatever opening the source raised, CaptureError when it was lost for good, ModelError from the engine,
        and FacetrackerError when tracking fails on every frame.
        """
        capture = CaptureThread(self._source, self._handoff.put, on_end=self._handoff.close)
        engine: Engine | None = None
        capture.start()
        try:
            engine = self._make_engine()
            try:
                self._track(engine, capture)
                if not self._stop.requested:
                    capture.raise_failure()
            finally:
                self._before_end(engine)
        finally:
            # A reader that hangs in its driver is abandoned after half a second: its thread is a daemon.
            self._handoff.close()
            close_within(CLOSE_LIMIT_S, self._source.name, capture.stop)
            self._reporter.close()
            self._guard(self._sender, partial(close_within, CLOSE_LIMIT_S, self._sender.name, self._sender.close))
            for sink in self._files.copy():
                self._guard(sink, sink.close)  # bounded by themselves: a slow disk gets its time
            if self._window is not None:
                self._window.close()
            if engine is not None:
                close_within(CLOSE_LIMIT_S, "the engine", engine.close)
        if self._failures:
            frames = self._reporter.stats.frames + self._failures
            logger.warning("tracking failed on %d of %d frames", self._failures, frames)
        return 1 if self._sink_failed else 0

    def _track(self, engine: Engine, capture: CaptureThread) -> None:
        taken = 0
        begun = False
        while not self._should_end():
            frame = self._next_frame()
            if frame is None:
                if self._handoff.ended:
                    return
                if self._window is not None:
                    self._window.pump()
                continue
            if not begun:
                self._begin(frame, capture.negotiated_mode)
                begun = True
            self._run_control.on_frame(frame, self._handoff.dropped)
            if self._run_control.paused and self._source.is_live:
                continue
            taken += 1
            result = self._process(engine, frame)
            if result is not None:
                self._deliver(frame, result)
            if taken == self._max_frames:
                return

    def _next_frame(self) -> Frame | None:
        """The next frame, or None if none arrived in time; a file waits while tracking is paused."""
        if self._run_control.paused and not self._source.is_live:
            time.sleep(POLL_S)
            return None
        return self._handoff.take(POLL_S)

    def _should_end(self) -> bool:
        if self._parent_ended():
            self._stop.request("the parent process ended")
        if self._window is not None and self._window.wants_to_quit:
            self._stop.request("the window was closed")
        return self._stop.requested

    def _begin(self, frame: Frame, negotiated_mode: str | None) -> None:
        """The first frame arrived: report the negotiated mode and create the slow sinks."""
        if negotiated_mode:
            logger.info("%s", negotiated_mode)
        self._run_control.on_open(self._source.name, negotiated_mode)
        self._reporter.begin(self._source.frame_count)
        self._files += self._make_files()
        self._window = self._make_window()

    def _process(self, engine: Engine, frame: Frame) -> FrameResult | None:
        """The result, or None if tracking failed. Raises FacetrackerError after too many failures in a row."""
        try:
            result = engine.process(frame)
        except Exception as error:  # a frame that cannot be processed must not end the stream
            self._failures += 1
            self._failures_in_a_row += 1
            what = f"{type(error).__name__}: {error}"
            if self._failures == 1:
                logger.warning("tracking failed on frame %d (%s); continuing", frame.index, what)
            logger.debug("frame %d", frame.index, exc_info=True)
            if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                raise FacetrackerError(
                    f"tracking failed on {MAX_FAILURES_IN_A_ROW} frames in a row ({what})"
                ) from error
            return None
        self._failures_in_a_row = 0
        return result

    def _deliver(self, frame: Frame, result: FrameResult) -> None:
        self._sender.write(frame, self._run_control.as_sent(result))
        sent_ns = self._monotonic_ns()
        for sink in self._files.copy():
            self._guard(sink, partial(sink.write, frame, result))
        if self._window is not None:
            self._window.write(frame, result)
        latency_ms = (sent_ns - frame.captured_ns) / 1e6 if self._source.is_live else None
        self._reporter.add(result, sent_ns / 1e9, latency_ms)
        self._run_control.add(result, latency_ms)

    def _guard(self, sink: Sink, action: Callable[[], None]) -> None:
        """A failing sink is dropped; tracking goes on and the exit code reports it."""
        try:
            action()
        except Exception as error:  # disks and codecs raise all kinds
            known = isinstance(error, FacetrackerError)
            logger.error("%s", error if known else f"{sink.name}: {type(error).__name__}: {error}")
            logger.debug("sink %s", sink.name, exc_info=True)
            self._sink_failed = True
            if sink in self._files:
                self._files.remove(sink)
