"""The interface of every source of frames."""

from __future__ import annotations

from typing import Protocol

from tracker.types import Frame


class FrameSource(Protocol):
    """A source of frames. Used from one thread; `close` may be called from another and must make `read` return soon."""

    name: str
    """The name shown to the user: a camera's name, a file, ``demo``."""

    is_live: bool
    """A live source drops frames that are not read in time, and is reopened when lost; others deliver every frame."""

    frame_count: int | None
    """Number of frames in a file, if known."""

    def open(self) -> str:
        """Start delivering. Returns one line that describes the negotiated mode (size, rate, format).

        Raises CaptureError when the input cannot be opened.
        """

    def read(self) -> Frame | None:
        """The next frame; None at the end of the input (never for a live source that can come back).

        Raises CaptureError when a live source is lost; the caller then closes and reopens it.
        """

    def close(self) -> None:
        """Release the device. Safe to call twice."""
