"""A watchdog around a live source: whoever reads here never waits for a hanging driver or network.

The device lives in a thread of its own, which opens, reads and closes it. That thread may hang for ever; then it
is given up (it is a daemon, and closes the device should it ever return) and the next `open` starts another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tracker.capture.source import FrameSource
from tracker.errors import CaptureError
from tracker.types import Frame

OPEN_TIMEOUT_S = 30.0
"""Windows' Media Foundation has been seen to take 20 seconds."""
READ_TIMEOUT_S = 6.0
"""Longer than the back ends' own time-outs, so that theirs are the ones that are met."""
RELEASE_S = 0.3
"""How long `close` waits for the device to be released, which a camera that still delivers does at its next frame."""
MOST_GIVEN_UP = 3
"""Threads that may hang at a time; as long as all of these do, no further one is sent after them."""


class WatchedSource:
    """A live source whose `open` and `read` fail in time and whose `close` returns soon.

    make: builds the source anew for each opening, so that nothing is shared with a thread that was given up.
    """

    def __init__(
        self,
        make: Callable[[], FrameSource],
        *,
        open_timeout_s: float = OPEN_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        release_s: float = RELEASE_S,
    ) -> None:
        self._make = make
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._release_s = release_s
        self._session: _Session | None = None
        self._given_up: list[_Session] = []
        description = make()
        self.name = description.name
        self.is_live = description.is_live
        self.frame_count = description.frame_count

    def open(self) -> str:
        self.close()
        self._given_up = [session for session in self._given_up if not session.wait_until_released()]
        if len(self._given_up) >= MOST_GIVEN_UP:
            raise CaptureError(f"{self.name} does not answer")
        session = _Session(self._make())
        session.start()
        self._session = session
        granted = session.wait_until_open(self._open_timeout_s)
        self.name, self.frame_count = session.source.name, session.source.frame_count
        return granted

    def read(self) -> Frame | None:
        session = self._session
        if session is None:
            raise CaptureError(f"{self.name} is not open")
        return session.next_frame(self._read_timeout_s)

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abandon()
            if not session.wait_until_released(self._release_s):
                self._given_up.append(session)


class _Session:
    """One opening of the source, in its own thread. All fields below `_changed` are guarded by it."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self._thread = threading.Thread(target=self._run, name=f"device: {source.name}", daemon=True)
        self._changed = threading.Condition()
        self._granted: str | None = None
        self._newest: Frame | None = None
        self._failure: BaseException | None = None
        self._ended = False
        self._abandoned = False

    def start(self) -> None:
        self._thread.start()

    def wait_until_released(self, timeout_s: float = 0.0) -> bool:
        """Wait for the thread to close the source and end; whether it did."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait_until_open(self, timeout_s: float) -> str:
        """The source's line. Raises what its `open` raised, or CaptureError when it did not answer in time."""
        with self._changed:
            answered = self._changed.wait_for(lambda: self._granted is not None or self._over(), timeout_s)
            if self._granted is not None:
                return self._granted  # what failed since then is for the next read
            if self._failure is not None:
                raise self._failure
            self._abandoned = True
        if answered:
            raise CaptureError(f"{self.source.name} was closed while opening")
        raise CaptureError(f"{self.source.name} did not open within {timeout_s:g} seconds")

    def next_frame(self, timeout_s: float) -> Frame | None:
        """The newest frame not yet handed out; None at the end or after `abandon`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._newest is not None or self._over(), timeout_s):
                self._abandoned = True
                raise CaptureError(f"{self.source.name} gave no picture for {timeout_s:g} seconds")
            frame, self._newest = self._newest, None
            if frame is None and self._failure is not None and not self._abandoned:
                raise self._failure
            return frame

    def abandon(self) -> None:
        """Let go of the thread. It closes the source as soon as the call it is in returns."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _over(self) -> bool:
        return self._ended or self._abandoned or self._failure is not None

    def _run(self) -> None:
        try:
            granted = self.source.open()
            with self._changed:
                self._granted = granted
                self._changed.notify_all()
            while True:
                frame = self.source.read()
                with self._changed:
                    if self._abandoned:
                        return
                    if frame is not None:
                        self._newest = frame
                    self._ended = frame is None
                    self._changed.notify_all()
                if frame is None:
                    return
        except BaseException as failure:  # handed to the reader, which raises it
            with self._changed:
                self._failure = failure
                self._changed.notify_all()
        finally:
            self.source.close()
