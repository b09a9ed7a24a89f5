"""The interface of everything that takes results."""

from __future__ import annotations

from typing import Protocol

from tracker.types import Frame, FrameResult


class Sink(Protocol):
    """A destination of results: a file, a window, the network. Used from one thread."""

    name: str

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Take one frame's result. Must copy what it needs beyond the call."""

    def close(self) -> None:
        """Flush and release everything. Safe to call twice."""
