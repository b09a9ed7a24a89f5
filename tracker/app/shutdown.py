"""Requests to stop, from signals, the preview, the control channel or the end of the parent process."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """A flag that is set once and polled.

    A plain attribute rather than an event: a signal handler runs between two instructions of the main thread,
    which may hold the very lock that setting an event would acquire.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self.on_request: Callable[[], object] = lambda: None
        """Called with each request, possibly within a signal handler: for runs that never poll."""

    def request(self, reason: str) -> None:
        """Stop soon. The first reason is kept."""
        self.reason = self.reason or reason
        self.on_request()

    @property
    def requested(self) -> bool:
        """Whether a stop was requested."""
        return self.reason is not None


@contextmanager
def stopping_on_signals(stop: StopRequest, to_the_end: bool = False) -> Iterator[None]:
    """Within the block, the signals that ask a process to end only set `stop`. For the main thread.

    to_the_end: do not restore the handlers, so that nothing interrupts what follows.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.request(signal.Signals(number).name)

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last one is Windows': Ctrl-Break
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # `nohup` ignores SIGHUP on purpose.
    numbers = [n for n in numbers if not (signal.getsignal(n) is signal.SIG_IGN and n != signal.SIGINT)]
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items() if not to_the_end else ():
            signal.signal(number, handler)


logger = logging.getLogger(__name__)

POLL_S = 0.25
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ParentWatch:
    """Reports whether `pid` is still the same live process (PIDs are reused).

    On Linux the kernel also sends SIGTERM when a direct parent ends, at no cost.
    """

    def __init__(self, pid: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        import psutil

        self.pid = pid
        self._monotonic = monotonic
        self._checked_s = -math.inf  # the first check is real: the parent may already have ended
        self._process: psutil.Process | None = None
        self._gone: type[Exception] = psutil.NoSuchProcess
        self._zombie = psutil.STATUS_ZOMBIE
        if sys.platform == "linux" and pid == os.getppid():
            _ask_for_signal()
        try:
            self._process = psutil.Process(pid)  # remembers the creation time
        except psutil.NoSuchProcess:
            logger.debug("process %d does not exist", pid)

    def has_ended(self) -> bool:
        """Whether the process has ended. Checked at most every quarter of a second."""
        if self._process is None:
            return True
        now = self._monotonic()
        if now - self._checked_s < POLL_S:
            return False
        self._checked_s = now
        return not self._is_running()

    def _is_running(self) -> bool:
        assert self._process is not None
        try:
            return bool(self._process.is_running() and self._process.status() != self._zombie)
        except self._gone:
            return False


def _ask_for_signal() -> None:
    """Have the kernel send SIGTERM when the parent (strictly: the thread that started us) ends."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        logger.debug("prctl failed: %s; the parent is polled only", os.strerror(ctypes.get_errno()))
