"""What every receiver of results looks like to the service."""

from __future__ import annotations

from typing import Protocol

from tracker.types import Frame, FrameResult


class Sink(Protocol):
    """Results out: a file, a window, the network. Used from one thread."""

    name: str

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Take one frame's result. Must not keep either beyond the call unless it copies what it needs."""

    def close(self) -> None:
        """Flush and release; what was written stays valid. Safe to call twice."""
