"""The built-in demo face as a source of frames: `-c demo` needs neither a camera nor a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tracker.capture.clock import FrameClock
from tracker.capture.demo.animation import DemoAnimation
from tracker.capture.demo.render import ASSET, DemoRenderer, DemoState, DemoTruth
from tracker.errors import CaptureError, SettingsError
from tracker.rate_limit import Pacer
from tracker.types import Frame

__all__ = ["DemoFace", "DemoSource", "DemoState", "DemoTruth"]

SMALLEST_PX, LARGEST_PX = 16, 8192
UNPACED_FPS = 24.0  # how much time a step stands for when nothing paces it


class DemoFace:
    """The animated face with its truth, for tests and for `DemoSource`."""

    def __init__(self, width: int = 640, height: int = 360, seed: int = 0) -> None:
        self._animation = DemoAnimation(seed)
        self._renderer = DemoRenderer(width, height)

    def state_at(self, t: float) -> DemoState:
        """What the face does `t` seconds in. The same seed gives the same states."""
        return self._animation.state_at(t)

    def render(self, state: DemoState) -> tuple[npt.NDArray[np.uint8], DemoTruth]:
        """The picture, (height, width, 3) uint8 BGR, and the truth about it."""
        return self._renderer.render(state)


class DemoSource:
    """A live `FrameSource` that never ends: the demo face, paced at `fps` (0 = as fast as it is read).

    clock and wait exist for tests: monotonic nanoseconds, and a wait of so many seconds that `close` cuts short.
    """

    name = "demo"
    is_live = True
    frame_count: int | None = None

    def __init__(
        self,
        width: int = 640,
        height: int = 360,
        fps: float = 24.0,
        seed: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._size, self._fps, self._seed = (width, height), fps, seed
        self._closed = threading.Event()
        self._clock = clock
        self._face: DemoFace | None = None
        self._step = 0
        self._frame_clock = FrameClock(monotonic_ns=clock)
        self._pacer = Pacer(fps, wait or self._closed.wait, lambda: clock() / 1e9)

    def open(self) -> str:
        """Load and prepare the face.

        Raises SettingsError for a size that it cannot be drawn at, CaptureError when its packaged file is missing or
        damaged.
        """
        width, height = self._size
        if not (min(self._size) >= SMALLEST_PX and max(self._size) <= LARGEST_PX):
            raise SettingsError(
                f"the demo face cannot be {width}x{height}: width and height are {SMALLEST_PX} to {LARGEST_PX}"
            )
        try:
            self._face = DemoFace(width, height, self._seed)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise CaptureError(f"the demo face {ASSET} is missing or damaged: install facetracker again") from error
        self._closed.clear()
        self._step = 0
        self._frame_clock = FrameClock(monotonic_ns=self._clock)
        self._pacer.restart()
        pace = f"{self._fps:g} fps" if self._fps > 0 else "unpaced"
        return f"demo face, {width}x{height}, {pace}"

    def read(self) -> Frame | None:
        """The next frame when it is due; None only after `close`."""
        if self._face is None:
            raise CaptureError("the demo face was not opened")
        fps = self._fps if self._fps > 0 else UNPACED_FPS
        # Drawn before the wait, so that drawing costs no delay.
        bgr, _ = self._face.render(self._face.state_at(self._step / fps))
        self._pacer.wait()
        if self._closed.is_set():
            return None
        frame = self._frame_clock.stamp(bgr, media_s=self._step / fps)
        self._step += 1
        return frame

    def close(self) -> None:
        """Stop: a `read` that waits returns at once."""
        self._closed.set()
