"""What can be changed and asked while the service runs."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from fakes import FakeEngine, FakeSource, HandClock, RecordingSink, a_face, a_frame, a_result

from tracker.app.command_error import CommandError
from tracker.app.run_control import LOST_AFTER_S, RunControl
from tracker.app.service import Service
from tracker.app.shutdown import StopRequest
from tracker.app.statistics import WINDOW_S, RecentFrames, Reporter

LIMIT_S = 10.0


class RecordingEngine:
    """Notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def recentre(self) -> None:
        self.asked.append("recentre")

    def reset_calibration(self) -> None:
        self.asked.append("reset_calibration")


def test_the_state_follows_the_source_and_the_user() -> None:
    clock = HandClock()
    run_control = RunControl(StopRequest(), source="0", monotonic=clock)

    def state() -> str:
        return str(run_control.statistics()["state"])

    assert state() == "opening"
    run_control.on_open("desk camera", "640x480")
    run_control.on_frame(a_frame(), dropped=3)
    assert state() == "tracking"
    run_control.pause()
    assert state() == "paused"
    clock.advance(LOST_AFTER_S + 0.1)
    assert state() == "lost", "that the camera is gone matters more than that nothing is sent"
    run_control.on_frame(a_frame(1), dropped=3)
    run_control.resume()
    statistics = run_control.statistics()
    assert statistics["state"] == "tracking"
    assert (statistics["source"], statistics["granted"], statistics["dropped"]) == ("desk camera", "640x480", 3)


def test_a_file_that_is_read_slowly_is_not_lost() -> None:
    clock = HandClock()
    run_control = RunControl(StopRequest(), is_live=False, monotonic=clock)
    run_control.on_frame(a_frame(), dropped=0)
    clock.advance(60)
    assert run_control.statistics()["state"] == "tracking"


def test_figures_are_those_of_the_last_second() -> None:
    recent = RecentFrames()
    for index in range(100):  # 10 a second, then 50 a second
        now_s = index / 10 if index < 50 else 5 + (index - 50) / 50
        faces = [a_face(confidence=0.5), a_face(1, confidence=0.75)] if index >= 50 else []
        recent.add(a_result(a_frame(index), faces, tracking_ms=4.0), now_s, latency_ms=float(index))
    figures = recent.figures(6.0)
    assert figures["fps"] == pytest.approx(50)
    assert figures["latency_ms"] == pytest.approx(74.5)
    assert figures["frames"] == 100
    assert figures["faces"] == 2
    assert figures["confidence"] == pytest.approx(0.625)
    assert figures["tracking_ms"] == 4.0
    assert figures["stages_ms"] == {"detect": 1.0, "landmarks": 2.0, "eyes": 0.0, "pose": 0.5, "expression": 0.0}
    stale = recent.figures(7.0 + WINDOW_S)
    assert (stale["fps"], stale["latency_ms"], stale["faces"], stale["frames"]) == (0.0, None, 0, 100)


def test_the_processor_share_is_measured_between_two_questions() -> None:
    clock, used = HandClock(), HandClock(5.0)
    run_control = RunControl(StopRequest(), monotonic=clock, process_time=used)
    assert run_control.statistics()["cpu_percent"] is None
    clock.advance(2.0)
    used.advance(0.5)
    assert run_control.statistics()["cpu_percent"] == pytest.approx(25.0)
    clock.advance(0.1)
    used.advance(0.1)
    assert run_control.statistics()["cpu_percent"] == pytest.approx(25.0), "too soon to measure again"


def test_memory_is_counted() -> None:
    assert RunControl(StopRequest()).statistics()["memory_bytes"] > 1_000_000


def test_commands_reach_the_engine_once_there_is_one() -> None:
    run_control, engine = RunControl(StopRequest()), RecordingEngine()
    for command in (run_control.recentre, run_control.reset_calibration):
        with pytest.raises(CommandError, match="tracking has not begun yet"):
            command()
    run_control.attach(engine)
    run_control.recentre()
    run_control.recentre(clear=True)
    run_control.reset_calibration()
    assert engine.asked == ["recentre", "reset_calibration"]


def test_a_wanted_picture_is_the_next_one_and_a_copy() -> None:
    run_control = RunControl(StopRequest())
    run_control.on_frame(a_frame(), dropped=0)
    assert run_control.take_picture() is None
    run_control.want_picture()
    frame = a_frame(1)
    run_control.on_frame(frame, dropped=0)
    run_control.on_frame(a_frame(2), dropped=0)
    picture = run_control.take_picture()
    assert picture is not None and np.array_equal(picture, frame.bgr) and not np.shares_memory(picture, frame.bgr)
    assert run_control.take_picture() is None


def a_service(
    source: FakeSource, sink: RecordingSink, run_control: RunControl, stop: StopRequest
) -> Service[FakeEngine]:
    return Service(source, lambda: FakeEngine(), sink, stop, Reporter(), run_control=run_control)


def until(condition: object, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_paused_camera_is_read_and_nothing_is_sent() -> None:
    stop = StopRequest()
    source, sink, run_control = FakeSource(None, is_live=True, interval_s=0.002), RecordingSink(), RunControl(stop)
    run_control.pause()
    thread = threading.Thread(target=a_service(source, sink, run_control, stop).run)
    thread.start()
    try:
        until(lambda: source.delivered > 20)
        assert sink.indices == []
        before = source.delivered
        run_control.resume()
        until(lambda: len(sink.indices) > 3)
        assert sink.indices[0] >= before - 2
    finally:
        stop.request("enough")
        thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_a_paused_file_waits_and_loses_nothing() -> None:
    stop = StopRequest()
    source, sink, run_control = FakeSource(30), RecordingSink(), RunControl(stop, is_live=False)
    run_control.pause()
    thread = threading.Thread(target=a_service(source, sink, run_control, stop).run)
    thread.start()
    until(lambda: source.delivered > 3)
    assert sink.indices == []
    run_control.resume()
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    assert sink.indices == list(range(30))
