"""Sources and cameras that can be made to behave badly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
import pytest

from tracker.capture.clock import FrameClock
from tracker.errors import CaptureError
from tracker.types import Frame


def picture(width: int = 32, height: int = 24, value: int = 0) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


class ScriptedSource:
    """A live source that plays a list: an int is a picture of that width, an exception is raised,
    None is the end, "hang" waits until the test lets go of it. Each opening plays the next list."""

    is_live = True
    frame_count: int | None = None

    def __init__(self, *sessions: Iterable[object]) -> None:
        self.name = "scripted"
        self.sessions = [list(session) for session in sessions]
        self.let_go = threading.Event()
        self.hanging = threading.Event()
        self.frame_clock = FrameClock()
        self.opened = 0
        self.closed = 0
        self._script: list[object] = []

    def open(self) -> str:
        self.opened += 1
        if not self.sessions:
            raise CaptureError("not plugged in")
        self._script = self.sessions.pop(0)
        if self._script and self._script[0] == "refuse":
            raise CaptureError("refused")
        return f"scripted, opening {self.opened}"

    def read(self) -> Frame | None:
        step = self._script.pop(0) if self._script else CaptureError("unplugged")
        if step == "hang":
            self.hanging.set()
            assert self.let_go.wait(30)
            return None
        if isinstance(step, BaseException):
            raise step
        return self.frame_clock.stamp(picture(step)) if isinstance(step, int) else None

    def close(self) -> None:
        self.closed += 1


class FakeCapture:
    """What ``cv2.VideoCapture`` is to its callers: `pictures` come one per grab, None is a failed grab."""

    def __init__(self, pictures: Sequence[np.ndarray | None], *, is_open: bool = True, **granted: float) -> None:
        self.pictures = list(pictures)
        self.is_open = is_open
        self.asked: list[tuple[int, float]] = []
        self.retrieved = 0
        self.released = 0
        self.refused: set[int] = set()
        self.properties = {getattr(cv2, f"CAP_PROP_{name.upper()}"): value for name, value in granted.items()}
        self._grabbed: np.ndarray | None = None

    def isOpened(self) -> bool:
        return self.is_open

    def grab(self) -> bool:
        assert not self.released, "a released capture was read"
        self._grabbed = self.pictures.pop(0) if self.pictures else None
        return self._grabbed is not None

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        self.retrieved += 1
        return self._grabbed is not None, self._grabbed

    def get(self, prop: int) -> float:
        return self.properties.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        return prop not in self.refused

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def scripted() -> type[ScriptedSource]:
    return ScriptedSource


@pytest.fixture
def fake_capture() -> type[FakeCapture]:
    return FakeCapture


@pytest.fixture
def make_picture() -> Callable[..., np.ndarray]:
    return picture
