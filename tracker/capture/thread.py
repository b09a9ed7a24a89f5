"""The capture thread: reads frames from a source and delivers them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tracker.capture.source import FrameSource
from tracker.types import Frame

STOP_TIMEOUT_S = 0.5


class CaptureThread:
    """Reads `source` until its end, a failure or `stop`. Its owner must stop it.

    deliver: called with each frame in this thread; may block, to slow down a source that is not live.
    on_end: called once in this thread when no more frames will come, for whatever reason.

    As a context manager it is stopped at the end of the block, which raises what ended it.
    """

    def __init__(
        self,
        source: FrameSource,
        deliver: Callable[[Frame], object],
        *,
        name: str = "capture",
        already_open: bool = False,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        self._source = source
        self._deliver = deliver
        self._already_open = already_open
        self._on_end = on_end
        # A daemon: a driver that never returns must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self.negotiated_mode: str | None = None
        """What the source's `open` returned, if it was opened here."""

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Close the source and wait for the thread. Returns whether it ended in time. Safe to call twice."""
        self._stopping.set()
        self._source.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end of the input. Returns whether it came."""
        return self._ended.wait(timeout_s)

    def raise_failure(self) -> None:
        """Raise what ended the thread, unless that was the end of the input or `stop`."""
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> CaptureThread:
        self.start()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.stop()
        if error is None:
            self.raise_failure()

    def _run(self) -> None:
        try:
            if not self._already_open:
                self.negotiated_mode = self._source.open()
            while not self._stopping.is_set():
                frame = self._source.read()
                if frame is None:
                    break
                if not self._stopping.is_set():
                    self._deliver(frame)
        except BaseException as failure:  # raised in the owner's thread
            if not self._stopping.is_set():
                self._failure = failure
        finally:
            self._source.close()
            self._ended.set()
            if self._on_end is not None:
                self._on_end()
