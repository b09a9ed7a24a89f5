"""The tracker's output: its newest lines."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

from protocol.control import LineSplitter

Stream = Literal["out", "err", "launcher"]
MAX_LINES = 2000
MAX_LINE_BYTES = 4096
CUT = "(a line of more than {} bytes was dropped)"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. unix_time: when it arrived; stream: ``out`` or ``err`` of the tracker, or the ``launcher``'s own."""

    unix_time: float
    stream: Stream
    text: str


class Transcript:
    """The newest lines of all runs. Thread-safe; adding never waits for readers."""

    def __init__(self, max_lines: int = MAX_LINES) -> None:
        self._lines: deque[LogLine] = deque(maxlen=max_lines)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """The number of lines so far, including those that were dropped since."""
        with self._lock:
            return self._count

    def add(self, lines: list[LogLine]) -> None:
        """Append `lines`; the oldest ones are dropped."""
        with self._lock:
            self._lines.extend(lines)
            self._count += len(lines)

    def lines(self) -> tuple[LogLine, ...]:
        """The kept lines, oldest first."""
        with self._lock:
            return tuple(self._lines)

    def since(self, count: int) -> tuple[tuple[LogLine, ...], int]:
        """The kept lines after the first `count`, and the number of lines so far."""
        with self._lock:
            new = min(self._count - count, len(self._lines))
            return tuple(list(self._lines)[len(self._lines) - new :]) if new > 0 else (), self._count


class LineReader:
    """Turns the bytes of one stream into lines."""

    def __init__(self, stream: Stream) -> None:
        self._stream: Stream = stream
        self._splitter = LineSplitter(MAX_LINE_BYTES)

    def feed(self, data: bytes) -> list[LogLine]:
        """The lines that `data` completes."""
        now = time.time()
        return [
            LogLine(now, self._stream, CUT.format(MAX_LINE_BYTES) if line is None else _text(line))
            for line in self._splitter.feed(data)
        ]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
