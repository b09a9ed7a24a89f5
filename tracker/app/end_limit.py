"""Limits how long the program takes to end: no thread and no library call can block it forever."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

logger = logging.getLogger(__name__)

END_LIMIT_S = 8.0
"""From the request to stop to the end. Longer than every deliberate wait, such as for a slow disk."""
_BEGIN = b"\0"


class EndLimit:
    """Ends the process `limit_s` after a signal or `begin`, even when the main thread hangs in a library.

    A signal's Python handler runs in the main thread between two of its instructions, and never while that thread hangs
    in C code. So the C handler wakes a separate thread; if there is no descriptor left for it, an alarm is used.
    Used as a context manager, in the main thread.
    """

    def __init__(self, limit_s: float = END_LIMIT_S, leave: Callable[[int], object] = os._exit) -> None:
        """leave: ends the process with an exit code."""
        self._limit_s = limit_s
        self._leave = leave
        self._exit_code = 0
        self._over = threading.Event()
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._previous = -1
        self._thread = threading.Thread(target=self._run, name="end limit", daemon=True)

    def __enter__(self) -> EndLimit:
        try:
            self._ends = reading, writing = socket.socketpair()
            reading.setblocking(True)
            writing.setblocking(False)
            self._thread.start()
        except (OSError, RuntimeError) as error:  # out of descriptors or threads
            logger.debug("the end is limited by an alarm: %s", error)
            for end in self._ends or ():
                end.close()
            self._ends = None
            return self
        with suppress(ValueError):  # not the main thread, where no signals arrive either
            self._previous = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        return self

    def begin(self, exit_code: int = 0) -> None:
        """The program is ending. exit_code: used if the limit is reached."""
        self._exit_code = exit_code
        if self._ends is not None:
            with suppress(OSError):
                self._ends[1].send(_BEGIN)
        elif hasattr(signal, "setitimer"):
            # Its default action ends the process, and needs neither descriptor nor thread.
            with suppress(ValueError):
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        if self._ends is None:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            return
        with suppress(ValueError):
            signal.set_wakeup_fd(self._previous)
        with suppress(OSError):
            self._ends[1].send(_BEGIN)
        self._thread.join(1.0)
        for end in self._ends:
            end.close()

    def _run(self) -> None:
        assert self._ends is not None
        with suppress(OSError):
            self._ends[0].recv(1)
        if self._over.wait(self._limit_s):
            return
        hanging = ", ".join(sorted(thread.name for thread in threading.enumerate() if thread is not self._thread))
        with suppress(Exception):
            warning = f"facetracker: warning: ending took longer than {self._limit_s:g} s; abandoned: {hanging}\n"
            os.write(2, warning.encode("utf-8", "replace"))
        self._leave(self._exit_code)


def close_within(limit_s: float, name: str, close: Callable[[], object]) -> None:
    """Call `close`, but wait at most `limit_s`: if it hangs, it is abandoned in its thread with a warning.

    Raises what `close` raised in that time.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            close()
        except BaseException as failure:  # raised below, in the caller's thread
            failures.append(failure)

    thread = threading.Thread(target=run, name=f"closing {name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # out of threads: close without a limit
        close()
        return
    started_s = time.monotonic()
    thread.join(limit_s)
    if thread.is_alive():
        logger.warning("%s did not close within %g s and is abandoned", name, time.monotonic() - started_s)
    if failures:
        raise failures[0]
