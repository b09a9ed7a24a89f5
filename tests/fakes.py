"""Stand-ins for devices, networks and clocks, to test the program without any of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from tracker.errors import CaptureError
from tracker.intrinsics import CameraIntrinsics
from tracker.types import Expression, Eyes, Face, Frame, FrameResult, Landmarks, StageTimings

WIDTH, HEIGHT = 64, 48


class HandClock:
    """A clock that moves when told. Call it for seconds."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def a_frame(index: int = 0) -> Frame:
    """A black frame of a 30 fps stream."""
    return Frame(
        index=index,
        bgr=np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        captured_ns=time.monotonic_ns(),
        unix_time=1.7e9 + index / 30,
        media_s=index / 30,
    )


def a_face(face_id: int = 0, confidence: float = 0.8, openness: tuple[float, float] = (1.0, 0.1)) -> Face:
    """A face without a pose. openness: right, left."""
    return Face(
        face_id=face_id,
        bounding_box=(8.0, 8.0, 32.0, 32.0),
        landmarks=Landmarks(np.full((66, 2), 20.0, np.float32), np.full(66, confidence, np.float32)),
        eyes=Eyes(np.full((2, 2), 20.0, np.float32), np.array(openness, np.float32), np.ones(2, np.float32)),
        pose=None,
        points_3d=None,
        expression=Expression(*[0.0] * 14),
    )


def a_result(frame: Frame, faces: Sequence[Face] = (), tracking_ms: float = 5.0) -> FrameResult:
    """What an engine makes of `frame`."""
    return FrameResult(
        frame_index=frame.index,
        captured_ns=frame.captured_ns,
        unix_time=frame.unix_time,
        media_s=frame.media_s,
        camera=CameraIntrinsics(frame.width, frame.height, float(frame.width)),
        faces=tuple(faces),
        timings=StageTimings(detect=1.0, landmarks=2.0, pose=0.5, total=tracking_ms),
    )


class FakeSource:
    """`count` frames, then the end; or, where something else is asked for, what sources do on bad days.

    count: None = for ever. interval_s: between frames. refuse: the error of `open`. stall_after: after so many
    frames `read` hangs, whatever anybody does, until the test sets `let_go`.
    """

    name = "fake"

    def __init__(
        self,
        count: int | None = 10,
        *,
        is_live: bool = False,
        interval_s: float = 0.0,
        refuse: CaptureError | None = None,
        stall_after: int | None = None,
    ) -> None:
        self.is_live = is_live
        self.frame_count = count
        self.let_go = threading.Event()
        self.stalled = threading.Event()
        self.closed = threading.Event()
        self.delivered = 0
        self._count = count
        self._interval_s = interval_s
        self._refuse = refuse
        self._stall_after = stall_after

    def open(self) -> str:
        if self._refuse is not None:
            raise self._refuse
        return f"fake: {WIDTH}x{HEIGHT}"

    def read(self) -> Frame | None:
        if self.delivered == self._stall_after:
            self.stalled.set()
            self.let_go.wait(30)
            return None
        if self.delivered == self._count or self.closed.wait(self._interval_s):
            return None
        self.delivered += 1
        return a_frame(self.delivered - 1)

    def close(self) -> None:
        self.closed.set()


class FakeEngine:
    """Finds one face in each frame. fails_on: indices of frames it cannot track."""

    def __init__(self, fails_on: Sequence[int] | range = (), delay_s: float = 0.0) -> None:
        self.processed: list[int] = []
        self.closed = False
        self._fails_on = fails_on
        self._delay_s = delay_s

    def process(self, frame: Frame) -> FrameResult:
        if frame.index in self._fails_on:
            raise RuntimeError(f"no luck with frame {frame.index}")
        time.sleep(self._delay_s)
        self.processed.append(frame.index)
        return a_result(frame, [a_face()])

    def close(self) -> None:
        self.closed = True


class RecordingSink:
    """Remembers what it was given. breaks_at: raises at that frame; on_write: called with each index."""

    def __init__(self, name: str = "recording", breaks_at: int | None = None) -> None:
        self.name = name
        self.indices: list[int] = []
        self.closed = 0
        self._breaks_at = breaks_at

    def write(self, frame: Frame, result: FrameResult) -> None:
        if frame.index == self._breaks_at:
            raise OSError(28, "No space left on device")
        self.indices.append(result.frame_index)

    def close(self) -> None:
        self.closed += 1


class FakeWindow(RecordingSink):
    """A preview whose user presses q at frame `quits_at`."""

    def __init__(self, quits_at: int) -> None:
        super().__init__("window")
        self._quits_at = quits_at
        self.pumped = 0

    @property
    def wants_to_quit(self) -> bool:
        return self._quits_at in self.indices

    def pump(self) -> None:
        self.pumped += 1
