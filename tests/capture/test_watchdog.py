from __future__ import annotations

import threading
from typing import Any

import pytest

from tracker.capture.supervised import ReopeningSource, WatchdogSource
from tracker.errors import CaptureError


def sources(*made: Any) -> Any:
    """A factory of the given sources; the first one it makes only describes itself."""
    left = [made[0], *made]
    return lambda: left.pop(0)


def wait_for_closing(source: Any) -> bool:
    return any(source.closed or threading.Event().wait(0.01) for _ in range(500))


def test_frames_and_the_end_come_through(scripted: Any) -> None:
    device = scripted([64, None])
    watched: Any = WatchdogSource(sources(device))
    assert watched.open() == "scripted, opening 1"
    assert watched.read().width == 64
    assert watched.read() is None
    assert wait_for_closing(device)


def test_failures_of_the_device_are_raised_to_the_reader(scripted: Any) -> None:
    watched: Any = WatchdogSource(sources(scripted(["refuse"]), scripted([CaptureError("gone")])))
    with pytest.raises(CaptureError, match="refused"):
        watched.open()
    watched.open()
    with pytest.raises(CaptureError, match="gone"):
        watched.read()


def test_a_read_that_hangs_is_told_in_time_and_the_next_opening_is_fresh(scripted: Any) -> None:
    stuck, fresh = scripted(["hang"]), scripted([48])
    watched: Any = WatchdogSource(sources(stuck, fresh), read_timeout_s=0.05, release_s=0.01)
    watched.open()
    with pytest.raises(CaptureError, match=r"scripted gave no picture for 0\.05 seconds"):
        watched.read()
    assert not stuck.closed, "closed under a reader that is still inside"
    watched.close()
    watched.open()
    assert watched.read().width == 48
    stuck.let_go.set()
    assert wait_for_closing(stuck)


def test_an_opening_that_hangs_is_told_in_time(scripted: Any) -> None:
    device = scripted([32])
    device.open = lambda: device.let_go.wait(30) and "late"
    watched: Any = WatchdogSource(sources(device), open_timeout_s=0.05, release_s=0.01)
    with pytest.raises(CaptureError, match=r"scripted did not open within 0\.05 seconds"):
        watched.open()
    device.let_go.set()
    assert wait_for_closing(device)


def test_closing_from_another_thread_ends_a_read_that_hangs(scripted: Any) -> None:
    device = scripted(["hang"])
    watched: Any = WatchdogSource(sources(device))
    watched.open()
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(watched.read()), daemon=True)
    reader.start()
    assert device.hanging.wait(5)
    watched.close()
    reader.join(2.5)
    assert results == [None]
    device.let_go.set()


def test_closing_a_camera_that_delivers_waits_until_the_device_is_free(scripted: Any) -> None:
    device = scripted([16] * 10_000)
    watched: Any = WatchdogSource(sources(device), release_s=5.0)
    watched.open()
    watched.read()
    watched.close()
    assert device.closed == 1


def test_only_the_newest_picture_is_kept_for_a_slow_reader(scripted: Any) -> None:
    device = scripted([16, 32, 64, "hang"])
    watched: Any = WatchdogSource(sources(device))
    watched.open()
    assert device.hanging.wait(5)
    assert watched.read().width == 64
    device.let_go.set()


def test_a_stalled_camera_is_reopened_and_tracking_goes_on(scripted: Any) -> None:
    stuck, fresh = scripted([16, "hang"]), scripted([48, "hang"])
    source: Any = ReopeningSource(
        WatchdogSource(sources(stuck, fresh), read_timeout_s=0.1, release_s=0.01), wait=lambda _: False
    )
    source.open()
    assert stuck.hanging.wait(5)
    assert [source.read().width, source.read().width] == [16, 48]
    source.close()
    stuck.let_go.set()
    fresh.let_go.set()


def test_no_more_threads_are_sent_after_those_that_hang(scripted: Any) -> None:
    stuck = [scripted(["hang"]) for _ in range(3)]
    fresh = scripted([48])
    watched: Any = WatchdogSource(sources(*stuck, fresh), read_timeout_s=0.02, release_s=0.01)
    for _ in stuck:
        watched.open()
        with pytest.raises(CaptureError, match="gave no picture"):
            watched.read()
        watched.close()
    with pytest.raises(CaptureError, match="scripted does not answer"):
        watched.open()
    stuck[1].let_go.set()
    assert wait_for_closing(stuck[1])
    threads = [thread for thread in threading.enumerate() if thread.name == "device: scripted"]
    assert len(threads) <= 3
    for thread in threads:
        thread.join(0.05)  # the one that was let go is on its way out
    watched.open()
    assert watched.read().width == 48
    for device in stuck:
        device.let_go.set()


def test_reading_before_opening_is_an_error(scripted: Any) -> None:
    with pytest.raises(CaptureError, match="scripted is not open"):
        WatchdogSource(sources(scripted([]))).read()
