from __future__ import annotations

import numpy as np
import pytest

from tests.fakes import HandClock
from tracker.rate_limit import CAMERA_TOLERANCE, Pacer, RateLimiter


@pytest.mark.parametrize(
    ("camera_fps", "fps", "expected"),
    [(30, 30, 300), (30, 20, 200), (30, 15, 150), (30, 60, 300), (24, 10, 100), (60, 30, 300), (30, 1, 10)],
)
def test_ten_seconds_hold_so_many_frames(camera_fps: float, fps: float, expected: int) -> None:
    limiter = RateLimiter(fps)
    taken = sum(limiter.allows(frame / camera_fps) for frame in range(10 * camera_fps))
    assert taken == pytest.approx(expected, abs=1)


def test_without_a_limit_every_frame_is_taken() -> None:
    limiter = RateLimiter(None)
    assert all(limiter.allows(0.0) for _ in range(5))


def test_an_uneven_camera_does_not_halve_the_rate() -> None:
    limiter = RateLimiter(30.0)
    times = [frame / 30 + (0.002 if frame % 2 else -0.002) for frame in range(300)]
    assert sum(map(limiter.allows, times)) >= 298


def test_a_gap_is_not_made_up_for_by_a_burst() -> None:
    limiter = RateLimiter(10.0)
    assert limiter.allows(0.0)
    assert [limiter.allows(60.0 + frame / 30) for frame in range(7)] == [True, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("camera_fps", "requested_fps", "expected"),
    [(60, 24, 24), (30, 24, 24), (30, 30, 30), (15, 24, 15), (30, 0, 30)],
)
def test_a_jittering_camera_keeps_the_requested_rate(camera_fps: int, requested_fps: int, expected: int) -> None:
    limiter = RateLimiter(requested_fps, CAMERA_TOLERANCE)
    seconds = 10
    jitter = np.random.default_rng(1).uniform(-0.003, 0.003, camera_fps * seconds)
    admitted = sum(limiter.allows(i / camera_fps + jitter[i]) for i in range(camera_fps * seconds))
    assert admitted == pytest.approx(expected * seconds, abs=2)


def test_a_camera_does_not_catch_up_after_a_gap() -> None:
    limiter = RateLimiter(10, CAMERA_TOLERANCE)
    assert limiter.allows(0.0)
    assert [limiter.allows(5.0 + i * 0.01) for i in range(5)] == [True, False, False, False, False]


def test_a_pacer_sleeps_until_each_iteration_is_due() -> None:
    clock = HandClock(0.0)
    pacer = Pacer(10, clock.advance, clock)
    starts = []
    for _ in range(4):
        pacer.wait()
        starts.append(clock.now_s)
        clock.advance(0.03)  # the work of the loop
    assert starts == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_a_pacer_does_not_make_up_for_lost_time() -> None:
    clock = HandClock(0.0)
    pacer = Pacer(10, clock.advance, clock)
    pacer.wait()
    clock.advance(5.0)
    starts = []
    for _ in range(3):
        pacer.wait()
        starts.append(clock.now_s)
    assert starts == pytest.approx([5.0, 5.0, 5.1])


def test_a_pacer_without_a_rate_never_sleeps() -> None:
    pacer = Pacer(0, lambda seconds: pytest.fail("it slept"), HandClock())
    for _ in range(3):
        pacer.wait()
