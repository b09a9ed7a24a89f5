"""Why the program should end, told by signals, the window, the parent watch or a limit."""

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
    """Set once, looked at often.

    A plain attribute rather than an event: a signal handler runs between two instructions of the main thread,
    which may be holding the very lock that setting an event would wait for.
    """

    def __init__(self) -> None:
        self.reason: str | None = None

    def request(self, reason: str) -> None:
        """End soon. The first reason stays."""
        self.reason = self.reason or reason

    @property
    def requested(self) -> bool:
        """Whether anybody asked."""
        return self.reason is not None


@contextmanager
def stopping_on_signals(stop: StopRequest) -> Iterator[None]:
    """Within the block, what asks a process to end only sets `stop`. For the main thread."""

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.request(signal.Signals(number).name)

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last one is Windows': Ctrl-Break and a closed console
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # `nohup` lets SIGHUP be ignored on purpose.
    numbers = [n for n in numbers if not (signal.getsignal(n) is signal.SIG_IGN and n != signal.SIGINT)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


logger = logging.getLogger(__name__)

POLL_S = 0.25
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ParentWatch:
    """Tells whether process `pid` still runs, as the same process: numbers are used again.

    On Linux the kernel is asked as well to send SIGTERM when a direct parent ends, which costs nothing.
    """

    def __init__(self, pid: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        import psutil

        self.pid = pid
        self._monotonic = monotonic
        self._looked_at = -math.inf  # the first look is a real one: the parent may have ended before we asked
        self._process: psutil.Process | None = None
        self._gone: type[Exception] = psutil.NoSuchProcess
        self._zombie = psutil.STATUS_ZOMBIE
        if sys.platform == "linux" and pid == os.getppid():
            _ask_for_signal()
        try:
            self._process = psutil.Process(pid)  # remembers the time of creation
        except psutil.NoSuchProcess:
            logger.debug("process %d is not there", pid)

    def has_ended(self) -> bool:
        """Whether the parent is gone. Looks at most every quarter of a second."""
        if self._process is None:
            return True
        now = self._monotonic()
        if now - self._looked_at < POLL_S:
            return False
        self._looked_at = now
        return not self._is_running()

    def _is_running(self) -> bool:
        assert self._process is not None
        try:
            return self._process.is_running() and self._process.status() != self._zombie
        except self._gone:
            return False


def _ask_for_signal() -> None:
    """Let the kernel send SIGTERM when the parent (strictly: the thread that started us) ends."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        logger.debug("prctl failed: %s; the parent is only polled", os.strerror(ctypes.get_errno()))
