from __future__ import annotations

import threading
from typing import Any

import pytest

from tracker.capture.thread import CaptureThread
from tracker.errors import CaptureError


def test_it_opens_reads_to_the_end_and_closes(scripted: Any) -> None:
    source, ends = scripted([16, 32, None]), list[int]()
    frames: list[Any] = []
    thread = CaptureThread(source, frames.append, on_end=lambda: ends.append(len(frames)))
    with thread:
        assert thread.wait(5)
    assert [frame.width for frame in frames] == [16, 32]
    assert ends == [2]
    assert thread.negotiated_mode == "scripted, opening 1"
    assert source.closed


def test_a_source_that_is_open_is_not_opened_again(scripted: Any) -> None:
    source, frames = scripted([16, None]), list[Any]()
    source.open()
    with CaptureThread(source, frames.append, already_open=True) as thread:
        assert thread.wait(5)
    assert (source.opened, len(frames)) == (1, 1)


def test_a_failure_is_raised_by_the_owner(scripted: Any) -> None:
    ends: list[str] = []
    thread = CaptureThread(scripted(["refuse"]), print, on_end=lambda: ends.append("told"))
    with pytest.raises(CaptureError, match="refused"), thread:
        assert thread.wait(5)
    assert ends == ["told"]


def test_a_receiver_that_fails_is_not_swallowed(scripted: Any) -> None:
    def broken(frame: object) -> None:
        raise ZeroDivisionError("a bug")

    thread = CaptureThread(scripted([16]), broken)
    with pytest.raises(ZeroDivisionError), thread:
        assert thread.wait(5)


def test_it_is_a_named_daemon_and_stops_while_it_reads(scripted: Any) -> None:
    source, names = scripted([16, "hang"]), list[tuple[str, bool]]()

    def deliver(frame: object) -> None:
        names.append((threading.current_thread().name, threading.current_thread().daemon))

    source_close = source.close

    def close_and_wake() -> None:  # what the FrameSource protocol asks of close
        source_close()
        source.let_go.set()

    source.close = close_and_wake
    thread = CaptureThread(source, deliver, name="capture")
    thread.start()
    assert source.hanging.wait(5)
    assert thread.stop(timeout_s=2.5)
    assert thread.stop()
    assert names == [("capture", True)]
    thread.raise_failure()  # stopping is no failure


def test_a_read_that_never_returns_is_left_behind(scripted: Any) -> None:
    source = scripted(["hang"])
    thread = CaptureThread(source, print)
    thread.start()
    assert source.hanging.wait(5)
    assert not thread.stop(timeout_s=0.05)
    source.let_go.set()
    assert thread.wait(5)


def test_stopping_before_starting_only_closes_the_source(scripted: Any) -> None:
    source = scripted([16])
    assert CaptureThread(source, print).stop()
    assert source.closed == 1
