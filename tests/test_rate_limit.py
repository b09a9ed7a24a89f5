from __future__ import annotations

import pytest

from tracker.rate_limit import RateLimiter


@pytest.mark.parametrize(
    ("camera_fps", "fps", "expected"),
    [(30, 30, 300), (30, 20, 200), (30, 15, 150), (30, 60, 300), (24, 10, 100), (60, 30, 300), (30, 1, 10)],
)
def test_ten_seconds_hold_so_many_frames(camera_fps: float, fps: float, expected: int) -> None:
    pace = RateLimiter(fps)
    taken = sum(pace.allows(frame / camera_fps) for frame in range(10 * camera_fps))
    assert taken == pytest.approx(expected, abs=1)


def test_without_a_limit_every_frame_is_taken() -> None:
    pace = RateLimiter(None)
    assert all(pace.allows(0.0) for _ in range(5))


def test_an_uneven_camera_does_not_halve_the_rate() -> None:
    pace = RateLimiter(30.0)
    times = [frame / 30 + (0.002 if frame % 2 else -0.002) for frame in range(300)]
    assert sum(map(pace.allows, times)) >= 298


def test_a_gap_is_not_made_up_for_by_a_burst() -> None:
    pace = RateLimiter(10.0)
    assert pace.allows(0.0)
    assert [pace.allows(60.0 + frame / 30) for frame in range(7)] == [True, False, False, True, False, False, True]
