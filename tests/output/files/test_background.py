from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from tests.output.results import a_face, a_frame, a_result
from tracker.output.files.background import BackgroundSink
from tracker.types import Frame, FrameResult


class RecordingSink:
    """Remembers what it was given; waits at its gate before every write; may fail."""

    name = "recording"

    def __init__(self) -> None:
        self.indices: list[int] = []
        self.pictures: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.closed = 0
        self.entered = threading.Event()

    def write(self, frame: Frame, result: FrameResult) -> None:
        self.entered.set()
        self.gate.wait(30.0)
        if self.failure is not None:
            raise self.failure
        self.indices.append(result.frame_index)
        self.pictures.append(int(frame.bgr.max()) if frame.bgr.size else -1)

    def close(self) -> None:
        self.closed += 1


def queued(sink: RecordingSink, is_live: bool, size: int = 4, close_limit_s: float = 10.0) -> BackgroundSink:
    return BackgroundSink(sink, size, is_live, needs_picture=False, close_limit_s=close_limit_s)


def write(queue: BackgroundSink, index: int) -> None:
    queue.write(a_frame(index), a_result(a_face(), index=index))


def writer_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "recording-writer"]


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end, "it did not happen within five seconds"
        time.sleep(0.005)


def test_everything_written_arrives_in_order_before_close_returns() -> None:
    sink = RecordingSink()
    queue = queued(sink, is_live=False)
    assert writer_threads() == ["recording-writer"]
    for index in range(50):
        write(queue, index)
    queue.close()
    assert sink.indices == list(range(50))
    assert sink.closed == 1
    assert writer_threads() == []
    queue.close()


def test_live_source_loses_the_oldest_and_counts_it(caplog: pytest.LogCaptureFixture) -> None:
    sink = RecordingSink()
    sink.gate.clear()
    queue = queued(sink, is_live=True)
    write(queue, 0)
    assert sink.entered.wait(5.0)  # the sink holds the first, so that the queue is empty
    for index in range(1, 11):
        write(queue, index)
    assert queue.dropped == 6
    sink.gate.set()
    queue.close()
    assert sink.indices == [0, 7, 8, 9, 10]
    assert [record.getMessage() for record in caplog.records] == [
        "recording was too slow for this source: 6 frames were dropped"
    ]


def test_file_waits_for_the_sink_and_loses_nothing() -> None:
    sink = RecordingSink()
    sink.gate.clear()
    queue = queued(sink, is_live=False, size=2)

    def write_all() -> None:
        for index in range(8):
            write(queue, index)

    writer = threading.Thread(target=write_all)
    writer.start()
    assert sink.entered.wait(5.0)
    writer.join(0.1)
    assert writer.is_alive(), "the third result should have to wait"
    sink.gate.set()
    writer.join(5.0)
    queue.close()
    assert sink.indices == list(range(8))
    assert queue.dropped == 0


@pytest.mark.parametrize("is_live", [True, False])
def test_crash_inside_the_sink_is_raised_by_the_next_write(is_live: bool) -> None:
    sink = RecordingSink()
    sink.failure = OSError("the disk is gone")
    queue = queued(sink, is_live)
    write(queue, 0)
    until(lambda: sink.closed)
    until(lambda: writer_threads() == [])
    for index in range(10):  # more than the queue holds: a dead sink must not make a file wait for ever
        with pytest.raises(OSError, match=r"^the disk is gone$"):
            write(queue, index)
    queue.close()


def test_crash_that_no_write_saw_is_raised_by_close() -> None:
    sink = RecordingSink()
    sink.failure = OSError("the disk is gone")
    queue = queued(sink, is_live=True)
    write(queue, 0)
    with pytest.raises(OSError, match=r"^the disk is gone$"):
        queue.close()
    assert sink.closed == 1


def test_hanging_sink_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    sink = RecordingSink()
    sink.gate.clear()
    queue = queued(sink, is_live=True, close_limit_s=0.05)
    for index in range(3):
        write(queue, index)
    assert sink.entered.wait(5.0)
    queue.close()
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "recording did not finish: 2 frames were not written"
    ]
    sink.gate.set()
    until(lambda: writer_threads() == [])


def test_picture_is_copied_for_sinks_that_need_it_and_left_out_for_others() -> None:
    for needs_picture, seen in ((True, 40), (False, -1)):
        sink = RecordingSink()
        sink.gate.clear()
        queue = BackgroundSink(sink, size=4, is_live=False, needs_picture=needs_picture)
        frame = a_frame(grey=40)
        queue.write(frame, a_result())
        frame.bgr.flags.writeable = True
        frame.bgr[:] = 200  # the source uses its memory again
        sink.gate.set()
        queue.close()
        assert sink.pictures == [seen]
