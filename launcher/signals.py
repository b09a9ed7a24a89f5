"""The signals that ask a program to end, handled in one place for the command line and the window."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last one is Windows': Ctrl-Break and a closed console


@contextmanager
def stop_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Within the block, these signals only call `stop`, which must not wait for a lock. No effect outside the main
    thread, where signals cannot be handled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # `nohup` ignores SIGHUP on purpose; shells ignore SIGINT for background jobs, which a launcher still obeys.
    numbers = [n for n in numbers if n == signal.SIGINT or signal.getsignal(n) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, lambda number, frame: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
