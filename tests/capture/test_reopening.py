from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tracker.capture.supervised import ReopeningSource
from tracker.errors import CaptureError


class Clock:
    """Time that passes only while something waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.pauses.append(round(seconds, 3))
        self.now += seconds
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reopening(clock: Clock) -> Callable[..., ReopeningSource]:
    def make(source: Any, **options: Any) -> ReopeningSource:
        return ReopeningSource(source, wait=clock.wait, monotonic=lambda: clock.now, **options)

    return make


def test_an_unplugged_camera_comes_back_with_one_line_each_way(
    scripted: Any, reopening: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    device = scripted([64], ["refuse"], ["refuse"], [48, 48])
    source = reopening(device)
    assert source.open() == "scripted, opening 1"
    with caplog.at_level(logging.INFO):
        widths = [source.read().width for _ in range(3)]
    assert widths == [64, 48, 48]
    assert clock.pauses == [0.2, 0.4, 0.8]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "unplugged; reopening it until it is back"),
        ("INFO", "scripted is back after 1.4 s: scripted, opening 4"),
    ]


def test_pauses_grow_to_five_seconds_and_stay_there(scripted: Any, reopening: Any, clock: Clock) -> None:
    source = reopening(scripted([], *[["refuse"]] * 8, [32]))
    source.open()
    assert source.read().width == 32
    assert clock.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0]


def test_a_camera_that_opens_but_gives_nothing_is_not_back(
    scripted: Any, reopening: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    source = reopening(scripted([], [], [], [32]))
    source.open()
    with caplog.at_level(logging.INFO):
        source.read()
    assert clock.pauses == [0.2, 0.4, 0.8]
    assert len(caplog.records) == 2


def test_each_loss_starts_with_short_pauses_again(scripted: Any, reopening: Any, clock: Clock) -> None:
    source = reopening(scripted([], [], [32], ["refuse"], [16]))
    source.open()
    assert [source.read().width, source.read().width] == [32, 16]
    assert clock.pauses == [0.2, 0.4, 0.2, 0.4]


def test_giving_up_ends_it_at_the_given_time(scripted: Any, reopening: Any, clock: Clock) -> None:
    source = reopening(scripted([32]), give_up_s=10.0)
    source.open()
    source.read()
    with pytest.raises(CaptureError) as caught:
        source.read()
    assert str(caught.value) == "scripted was lost and did not come back within 10 seconds"
    assert clock.now == pytest.approx(110.0)


def test_giving_up_after_zero_seconds_does_not_try(scripted: Any, reopening: Any) -> None:
    device = scripted([], [32])
    source = reopening(device, give_up_s=0.0)
    source.open()
    with pytest.raises(CaptureError, match="did not come back within 0 seconds"):
        source.read()
    assert device.opened == 1


def test_the_first_opening_is_not_repeated(scripted: Any, reopening: Any, clock: Clock) -> None:
    with pytest.raises(CaptureError, match="refused"):
        reopening(scripted(["refuse"], [32])).open()
    assert clock.pauses == []


def test_the_device_is_closed_before_each_attempt(scripted: Any, reopening: Any) -> None:
    device = scripted([], ["refuse"], [32])
    source = reopening(device)
    source.open()
    source.read()
    assert (device.opened, device.closed) == (3, 2)


def test_the_end_of_a_recording_is_passed_on(scripted: Any, reopening: Any) -> None:
    source = reopening(scripted([32, None]))
    source.open()
    assert source.read() is not None
    assert source.read() is None


def test_errors_that_are_not_the_devices_are_not_retried(scripted: Any, reopening: Any) -> None:
    source = reopening(scripted([ZeroDivisionError("a bug")], [32]))
    source.open()
    with pytest.raises(ZeroDivisionError):
        source.read()


def test_closing_ends_a_pause_at_once(scripted: Any) -> None:
    device = scripted([])
    source = ReopeningSource(device)
    source.open()
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(source.read()), daemon=True)
    reader.start()
    source.close()
    reader.join(2.5)
    assert results == [None]


def test_closing_while_it_is_being_opened_leaves_nothing_open(scripted: Any, reopening: Any) -> None:
    device = scripted([], [32])
    source = reopening(device)
    source.open()
    plain_open = device.open

    def closed_meanwhile() -> str:
        source.close()
        return str(plain_open())

    device.open = closed_meanwhile
    before = device.closed
    assert source.read() is None
    assert device.closed == before + 3  # before the attempt, by the closer, and after the opening
