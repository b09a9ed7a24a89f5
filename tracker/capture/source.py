"""What every source of pictures looks like to the rest of the program."""

from __future__ import annotations

from typing import Protocol

from tracker.types import Frame


class FrameSource(Protocol):
    """Pixels in. Used from one thread; `close` may be called from another and must make `read` return soon."""

    name: str
    """What the user would call it: a camera's name, a file, ``demo``."""

    is_live: bool
    """Live sources drop what is not read in time and are re-opened when lost; the others deliver every frame."""

    frame_count: int | None
    """How many frames a file holds, where that is known."""

    def open(self) -> str:
        """Start delivering. Returns one line that says what was really granted (size, rate, format).

        Raises CaptureError when the input cannot be opened.
        """

    def read(self) -> Frame | None:
        """The next frame, or None at the end of the input (never for a live source that can come back).

        Raises CaptureError when a live source is lost; the caller then closes and re-opens it.
        """

    def close(self) -> None:
        """Release the device. Safe to call twice."""
