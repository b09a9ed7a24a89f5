from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
import pytest

from tracker.capture.clock import FrameClock
from tracker.capture.raw_stdin import RawStdinSource
from tracker.errors import CaptureError

WIDTH, HEIGHT = 8, 6
FRAME_BYTES = WIDTH * HEIGHT * 3


class Pipe:
    def __init__(self) -> None:
        read_end, self.write_end = os.pipe()
        self.stream: BinaryIO = os.fdopen(read_end, "rb")
        self._open = True

    def write(self, data: bytes) -> None:
        os.write(self.write_end, data)

    def end(self) -> None:
        if self._open:
            os.close(self.write_end)
            self._open = False


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.end()
    pipe.stream.close()


@pytest.fixture
def source_on(pipe: Pipe) -> Callable[..., RawStdinSource]:
    def make(**options: Any) -> RawStdinSource:
        source = RawStdinSource(WIDTH, HEIGHT, FrameClock(), stream=pipe.stream, **options)
        source.open()
        return source

    return make


def frame_bytes(value: int) -> bytes:
    return bytes([value]) * FRAME_BYTES


def test_frames_are_bgr_rows_from_the_top_and_the_end_is_clean(pipe: Pipe, source_on: Any) -> None:
    first = np.arange(FRAME_BYTES, dtype=np.uint8)
    pipe.write(first.tobytes() + frame_bytes(9))
    pipe.end()
    source = source_on(fps=0)
    frame = source.read()
    assert np.array_equal(frame.bgr, first.reshape(HEIGHT, WIDTH, 3))
    assert source.read().bgr[0, 0].tolist() == [9, 9, 9]
    assert source.read() is None
    assert source.read() is None


def test_the_media_clock_is_the_frame_number_over_the_rate(pipe: Pipe, source_on: Any) -> None:
    pipe.write(frame_bytes(1) * 3)
    source = source_on(fps=200)
    assert [source.read().media_s for _ in range(3)] == pytest.approx([0, 0.005, 0.01])


def test_no_more_frames_than_the_rate_are_taken(pipe: Pipe, source_on: Any) -> None:
    pipe.write(frame_bytes(1) * 4)
    source = source_on(fps=50)
    started = time.monotonic()
    for _ in range(4):
        source.read()
    assert time.monotonic() - started >= 3 / 50 - 0.005


def test_a_frame_that_comes_in_pieces_is_put_together(pipe: Pipe, source_on: Any) -> None:
    def dribble() -> None:
        for start in range(0, FRAME_BYTES, 50):
            pipe.write(frame_bytes(5)[start : start + 50])

    writer = threading.Thread(target=dribble)
    writer.start()
    assert source_on().read().bgr.min() == 5
    writer.join()


def test_half_a_last_frame_is_dropped_with_one_warning(
    pipe: Pipe, source_on: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pipe.write(frame_bytes(1) + frame_bytes(2)[: FRAME_BYTES // 2])
    pipe.end()
    source = source_on()
    assert source.read() is not None
    assert [source.read(), source.read()] == [None, None]
    assert caplog.messages == ["the raw input ended 72 bytes into a frame of 144 (8x6x3); that frame is dropped"]


def test_half_a_frame_and_nothing_else_is_an_end_with_one_warning(
    pipe: Pipe, source_on: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pipe.write(b"x" * 10)
    pipe.end()
    assert source_on().read() is None
    assert len(caplog.messages) == 1


def test_empty_input_is_an_error(pipe: Pipe, source_on: Any) -> None:
    pipe.end()
    with pytest.raises(CaptureError, match=r"^raw input was empty$"):
        source_on().read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot wait for a pipe with a time limit")
def test_closing_ends_a_wait_for_a_silent_writer(source_on: Any) -> None:
    source = source_on()
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(source.read()), daemon=True)
    reader.start()
    source.close()
    reader.join(2.5)
    assert results == [None]


def test_standard_input_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CaptureError, match="--raw-rgb cannot read standard input: there is none"):
        RawStdinSource(WIDTH, HEIGHT, FrameClock()).open()


STOP_WHILE_WAITING = """
from tracker.capture.thread import CaptureThread
from tracker.capture.open import open_source
thread = CaptureThread(open_source("0", raw_rgb=1), print)
thread.start()
thread.wait(0.1)
print(thread.stop(), flush=True)
"""


def test_an_open_silent_standard_input_does_not_hold_the_process() -> None:
    # As launchers leave it: a pipe that is never written to and never closed.
    command = [sys.executable, "-c", STOP_WHILE_WAITING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        stopped = process.stdout.readline().strip()
        assert process.wait(5) == 0
    assert stopped == b"True" or sys.platform == "win32"
