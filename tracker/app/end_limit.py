"""Bounds the end of the program: whatever a library does, no thread and no call holds it for ever."""

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
"""From being asked to end to the end. Longer than all that is waited for on purpose, such as a slow disk."""
_BEGIN = b"\0"


class EndLimit:
    """Ends the process `limit_s` after a signal or `begin`, even when the main thread hangs in a library.

    A signal's Python handler runs in the main thread, between two of its instructions; one that hangs in C never gets
    there. So the C handler wakes a thread of its own. Where there is no descriptor left for that, an alarm has to do.
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
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is left
            logger.debug("the end is bounded by an alarm: %s", error)
            for end in self._ends or ():
                end.close()
            self._ends = None
            return self
        with suppress(ValueError):  # not the main thread: then signals do not arrive here either
            self._previous = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        return self

    def begin(self, exit_code: int = 0) -> None:
        """The program is ending. exit_code: what to leave with should it not come to its end by itself."""
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
            said = f"facetracker: warning: the end took longer than {self._limit_s:g} s; left behind: {hanging}\n"
            os.write(2, said.encode("utf-8", "replace"))
        self._leave(self._exit_code)


def close_within(limit_s: float, name: str, close: Callable[[], object]) -> None:
    """Call `close`, but wait no longer than `limit_s`: one that hangs is left to a thread, with a warning.

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
    except RuntimeError:  # no thread to be had: then it must do without a limit
        close()
        return
    started_s = time.monotonic()
    thread.join(limit_s)
    if thread.is_alive():
        logger.warning("%s did not close within %g s and is left behind", name, time.monotonic() - started_s)
    if failures:
        raise failures[0]
