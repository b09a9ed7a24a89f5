"""The signals that ask a program to end, handled in one place for the command line and the window."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last one is Windows': Ctrl-Break


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
    if sys.platform == "win32":
        stop_when_console_closes(stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_CONSOLE_ENDS = (2, 5, 6)  # CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT
_WAIT_S = 20.0  # Windows itself waits 5 seconds

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes
    from typing import Any

    _Handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
    _handlers: list[Any] = []

    def stop_when_console_closes(stop: Callable[[], object]) -> None:
        """Until the process is gone, a closed console, signing out and shutting down call `stop` and then wait.

        Windows ends the process when the handler returns: the tracker could not complete its files.
        """

        def handle(event: int) -> bool:
            if event not in _CONSOLE_ENDS:
                return False
            stop()
            time.sleep(_WAIT_S)
            return True

        kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.SetConsoleCtrlHandler.argtypes = (_Handler, wintypes.BOOL)
        handler = _Handler(handle)
        _handlers.append(handler)  # Windows may call it until the end
        kernel.SetConsoleCtrlHandler(handler, True)
