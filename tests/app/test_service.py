"""One run of the service, with a fake source, engine and sinks: what ends it, how soon, and what it leaves behind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fakes import FakeEngine, FakeSource, FakeWindow, RecordingSink

from tracker.app.service import MAX_FAILURES_IN_A_ROW, Service
from tracker.app.shutdown import StopRequest
from tracker.app.statistics import Reporter
from tracker.capture.source import FrameSource
from tracker.errors import CaptureError, FacetrackerError, ModelError
from tracker.output.files.background import BackgroundSink

END_LIMIT_S = 5.0  # five times what is promised


def a_service(
    source: FrameSource,
    engine: FakeEngine,
    sender: RecordingSink | None = None,
    stop: StopRequest | None = None,
    **options: object,
) -> Service[FakeEngine]:
    return Service(
        source,
        lambda: engine,
        sender or RecordingSink(),
        stop or StopRequest(),
        Reporter(),
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture
def after_a_while() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Runs something a little later in another thread."""
    timers: list[threading.Timer] = []

    def later(action: Callable[[], object]) -> None:
        timers.append(threading.Timer(0.1, action))
        timers[-1].start()

    yield later
    for timer in timers:
        timer.join()


def test_every_frame_of_a_file_is_tracked_and_handed_to_every_sink() -> None:
    engine, sender, file = FakeEngine(), RecordingSink(), RecordingSink()
    assert a_service(FakeSource(40), engine, sender, make_files=lambda: [file]).run() == 0
    assert engine.processed == sender.indices == file.indices == list(range(40))


def test_the_end_of_a_file_drains_a_slow_sink() -> None:
    slow = RecordingSink()
    queued = BackgroundSink(slow, size=4, is_live=False, needs_picture=False)
    assert a_service(FakeSource(30), FakeEngine(), make_files=lambda: [queued]).run() == 0
    assert slow.indices == list(range(30))
    assert slow.closed == 1


def test_everything_is_closed_in_the_end() -> None:
    source, engine, sender, file, window = FakeSource(), FakeEngine(), RecordingSink(), RecordingSink(), FakeWindow(99)
    a_service(source, engine, sender, make_files=lambda: [file], make_window=lambda: window).run()
    assert source.closed.is_set()
    assert engine.closed
    assert (sender.closed, file.closed, window.closed) == (1, 1, 1)
    assert not [thread for thread in threading.enumerate() if thread.name == "capture"]


def test_a_live_source_gives_its_newest_frame_to_a_slow_tracker() -> None:
    engine = FakeEngine(delay_s=0.03)
    a_service(FakeSource(None, is_live=True, interval_s=0.003), engine, max_frames=5).run()
    steps = [later - earlier for earlier, later in zip(engine.processed, engine.processed[1:], strict=False)]
    assert min(steps) > 1, "the tracker worked through old frames"


def test_a_request_to_stop_ends_an_endless_source_in_time(
    after_a_while: Callable[[Callable[[], object]], None],
) -> None:
    stop, sender = StopRequest(), RecordingSink()
    after_a_while(lambda: stop.request("SIGTERM"))
    begin = time.monotonic()
    assert a_service(FakeSource(None, is_live=True, interval_s=0.01), FakeEngine(), sender, stop).run() == 0
    assert time.monotonic() - begin < END_LIMIT_S
    assert sender.closed == 1


def test_a_read_that_hangs_does_not_hold_the_end(after_a_while: Callable[[Callable[[], object]], None]) -> None:
    source, stop, sender = FakeSource(None, is_live=True, stall_after=3), StopRequest(), RecordingSink()
    after_a_while(lambda: source.stalled.wait(10) and stop.request("SIGTERM"))
    begin = time.monotonic()
    try:
        assert a_service(source, FakeEngine(), sender, stop).run() == 0
        assert time.monotonic() - begin < END_LIMIT_S
        assert sender.closed == 1
    finally:
        source.let_go.set()


def test_a_stop_while_a_file_is_read_ahead_does_not_hang() -> None:
    stop = StopRequest()
    sender = RecordingSink()
    engine = FakeEngine(delay_s=0.02)
    service = a_service(FakeSource(None), engine, sender, stop, parent_ended=lambda: len(engine.processed) >= 3)
    begin = time.monotonic()
    assert service.run() == 0
    assert time.monotonic() - begin < END_LIMIT_S
    assert stop.reason == "the parent process ended"


def test_a_dead_parent_ends_the_run_even_while_no_frame_comes() -> None:
    source, sender = FakeSource(None, is_live=True, stall_after=0), RecordingSink()
    begin = time.monotonic()
    try:
        assert a_service(source, FakeEngine(), sender, parent_ended=source.stalled.is_set).run() == 0
        assert time.monotonic() - begin < END_LIMIT_S
    finally:
        source.let_go.set()


def test_the_frame_limit_is_exact() -> None:
    engine = FakeEngine()
    assert a_service(FakeSource(None), engine, max_frames=7).run() == 0
    assert engine.processed == list(range(7))


def test_q_in_the_window_ends_the_run() -> None:
    window, stop = FakeWindow(quits_at=4), StopRequest()
    assert a_service(FakeSource(None), FakeEngine(), stop=stop, make_window=lambda: window).run() == 0
    assert window.indices == [0, 1, 2, 3, 4]
    assert stop.reason == "the window was closed"


def test_the_window_answers_while_no_frame_comes(after_a_while: Callable[[Callable[[], object]], None]) -> None:
    source, stop, window = FakeSource(None, is_live=True, stall_after=1), StopRequest(), FakeWindow(99)
    try:
        after_a_while(lambda: (source.stalled.wait(10) and time.sleep(0.2)) or stop.request("SIGINT"))
        a_service(source, FakeEngine(), stop=stop, make_window=lambda: window).run()
        assert window.pumped >= 1
    finally:
        source.let_go.set()


def test_a_source_that_does_not_open_is_told() -> None:
    sender = RecordingSink()
    with pytest.raises(CaptureError, match="no such camera"):
        a_service(FakeSource(refuse=CaptureError("no such camera")), FakeEngine(), sender).run()
    assert sender.closed == 1


def test_networks_that_do_not_load_end_the_run_and_close_the_source() -> None:
    def no_engine() -> FakeEngine:
        raise ModelError("the network is damaged")

    source = FakeSource(None, is_live=True, interval_s=0.01)
    with pytest.raises(ModelError):
        Service(source, no_engine, RecordingSink(), StopRequest(), Reporter()).run()
    assert source.closed.is_set()


def test_a_frame_that_cannot_be_tracked_costs_that_frame_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    sender = RecordingSink()
    engine = FakeEngine(fails_on=[2, 5, 6])
    with caplog.at_level(logging.WARNING, "tracker"):
        assert a_service(FakeSource(10), engine, sender).run() == 0
    assert sender.indices == [0, 1, 3, 4, 7, 8, 9]
    assert [record.getMessage() for record in caplog.records] == [
        "tracking failed on frame 2 (RuntimeError: no luck with frame 2); continuing",
        "tracking failed on 3 of 10 frames",
    ]


def test_tracking_that_fails_on_and_on_ends_with_an_error() -> None:
    sender = RecordingSink()
    with pytest.raises(FacetrackerError, match=f"{MAX_FAILURES_IN_A_ROW} frames in a row") as caught:
        a_service(FakeSource(None), FakeEngine(fails_on=range(3, 10**6)), sender).run()
    assert caught.value.exit_code == 1
    assert sender.indices == [0, 1, 2]
    assert sender.closed == 1


def test_a_full_disk_costs_the_file_but_not_the_tracking(caplog: pytest.LogCaptureFixture) -> None:
    broken, whole, sender = RecordingSink("csv", breaks_at=3), RecordingSink("video"), RecordingSink()
    with caplog.at_level(logging.ERROR, "tracker"):
        code = a_service(FakeSource(10), FakeEngine(), sender, make_files=lambda: [broken, whole]).run()
    assert code == 1
    assert sender.indices == whole.indices == list(range(10))
    assert broken.indices == [0, 1, 2]
    assert len(caplog.records) == 1
    assert "csv" in caplog.records[0].getMessage()


def test_what_the_engine_learned_is_kept_even_when_the_input_is_lost() -> None:
    kept: list[FakeEngine] = []
    engine = FakeEngine()
    with pytest.raises(CaptureError):
        a_service(FakeSource(refuse=CaptureError("gone")), engine, before_end=kept.append).run()
    assert kept == [engine]
    assert engine.closed


def test_files_are_only_opened_once_a_frame_came() -> None:
    opened: list[bool] = []

    def make_files() -> list[RecordingSink]:
        opened.append(True)
        return []

    with pytest.raises(CaptureError):
        a_service(FakeSource(refuse=CaptureError("gone")), FakeEngine(), make_files=make_files).run()
    assert not opened
    a_service(FakeSource(2), FakeEngine(), make_files=make_files).run()
    assert opened == [True]
