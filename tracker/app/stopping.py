"""Why the program should end, told by signals, the window, the parent watch or a limit."""

from __future__ import annotations

import signal
from collections.abc import Iterator
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
