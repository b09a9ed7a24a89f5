from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.capture.clock import FrameClock, MediaClock

BGR = np.zeros((2, 2, 3), np.uint8)


def test_unix_time_rises_strictly_while_the_wall_clock_stands_still_or_is_set_back() -> None:
    wall = iter([1700000000.0, 1700000000.0, 1699999990.0, 1700000001.0])
    frame_clock = FrameClock(unix=lambda: next(wall))
    times = [frame_clock.stamp(BGR).unix_time for _ in range(4)]
    assert times[0] == 1700000000.0
    assert all(a < b for a, b in itertools.pairwise(times))
    assert times[3] == 1700000001.0


def test_live_media_time_counts_seconds_from_the_first_picture() -> None:
    frame_clock = FrameClock(monotonic_ns=iter([5_000_000_000, 5_040_000_000]).__next__)
    assert [frame_clock.stamp(BGR).media_s for _ in range(2)] == [0.0, pytest.approx(0.04)]


def test_frames_are_numbered_from_zero_and_media_time_never_goes_back() -> None:
    frame_clock = FrameClock()
    frames = [frame_clock.stamp(BGR, media_s=s) for s in (0.0, 0.5, 0.4)]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.media_s for frame in frames] == [0.0, 0.5, 0.5]


def test_timeline_follows_the_positions_of_a_sound_file() -> None:
    timeline = MediaClock(0.04)
    assert [timeline.advance(s) for s in (0.0, 0.04, 0.12)] == [0.0, 0.04, 0.12]


def test_timeline_counts_frames_where_the_decoder_reports_no_positions() -> None:
    timeline = MediaClock(0.04)
    assert [timeline.advance(0.0) for _ in range(3)] == pytest.approx([0.0, 0.04, 0.08])


def test_timeline_goes_on_when_a_repeated_file_starts_over() -> None:
    timeline = MediaClock(0.5)
    assert [timeline.advance(s) for s in (0.0, 0.5, 0.0, 0.5)] == pytest.approx([0.0, 0.5, 1.0, 1.5])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30))
def test_timeline_rises_by_a_sane_step_whatever_is_reported(positions: list[float]) -> None:
    timeline = MediaClock(0.04)
    times = [timeline.advance(position) for position in positions]
    assert all(math.isfinite(time) for time in times)
    assert all(0 < b - a <= MediaClock.LONGEST_STEP_S + 1e-6 for a, b in itertools.pairwise(times))
