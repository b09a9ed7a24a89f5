"""What the filter may and may not do to still, moving and blinking points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.face.memory import FaceMemory
from tracker.face.options import EngineOptions
from tracker.face.smoothing import NumberFilter, OneEuroFilter

FPS = 30
GROUP = np.zeros(3, np.intp)


class PointsFilter:
    """What the tracker does to a face's points."""

    def __init__(self):
        self._filter = FaceMemory(0, EngineOptions()).face_filter

    def filter(self, value, now_s):
        return self._filter.filter(value, np.zeros(52), now_s, 1.0)[0]


@given(st.floats(-1e3, 1e3), st.floats(0.005, 0.2))
def test_a_constant_passes_unchanged(value, step):
    filter_ = OneEuroFilter(GROUP, 1.0, 10.0, 0.05)
    for k in range(20):
        steady = filter_.filter(np.full((3, 2), value), k * step)
    np.testing.assert_allclose(steady, value, atol=1e-9)


def test_noise_on_a_still_face_shrinks_to_less_than_half():
    rng = np.random.default_rng(0)
    filter_, raw, steady = PointsFilter(), [], []
    for k in range(300):
        value = rng.normal(0, 0.002, (66, 2))
        raw.append(value)
        steady.append(filter_.filter(value, k / FPS))
    assert np.std(np.diff(steady[30:], axis=0)) < 0.5 * np.std(np.diff(raw[30:], axis=0))


def test_a_turn_of_90_degrees_a_second_lags_less_than_20_ms():
    # The nose tip of a head of one face size moves about 0.9 face sizes a second; the eyes about as much.
    speed, filter_ = 0.9, PointsFilter()
    for k in range(45):
        now = k / FPS
        steady = filter_.filter(np.full((66, 2), (speed * now, 0.0)), now)
    assert (speed * now - steady[30, 0]) / speed < 0.020


def test_a_blink_of_150_ms_keeps_nine_tenths_of_its_depth():
    filter_ = FaceMemory(0, EngineOptions()).openness_filter
    deepest = 1.0
    for k in range(60):
        now = k / FPS
        phase = (now - 1.0) / 0.150
        openness = 1 - (np.sin(np.pi * phase) ** 2 if 0 < phase < 1 else 0.0)
        deepest = min(deepest, filter_.filter((openness, openness), now)[0])
    lowest = min(1 - np.sin(np.pi * (k / FPS - 1.0) / 0.150) ** 2 for k in range(31, 35))
    assert 1 - deepest > 0.9 * (1 - lowest)


def test_each_group_has_its_tuning_and_its_unit():
    rng = np.random.default_rng(2)
    tunings = [
        {"min_cutoff_hz": 1.0, "gain": 8.0, "dead_zone": 0.1},
        {"min_cutoff_hz": 3.0, "gain": 2.0, "dead_zone": 0.4},
    ]
    units = [5.0, 1.0]
    together = OneEuroFilter(np.array([0, 0, 1]), **{key: [tuning[key] for tuning in tunings] for key in tunings[0]})
    apart = [OneEuroFilter(np.zeros(count, np.intp), **tuning) for count, tuning in zip((2, 1), tunings, strict=True)]
    for k in range(30):
        value = rng.normal(0, 0.5, (3, 2))
        parts = zip(apart, (value[:2], value[2:]), units, strict=True)
        expected = np.concatenate([one.filter(part, k / FPS, unit) for one, part, unit in parts])
        np.testing.assert_allclose(together.filter(value, k / FPS, units), expected, rtol=1e-12, atol=1e-15)


def test_time_that_stands_still_or_jumps_back_starts_afresh():
    filter_ = OneEuroFilter(GROUP, 1.0, 0.0, 0.0)
    filter_.filter(np.zeros((3, 2)), 1.0)
    np.testing.assert_array_equal(filter_.filter(np.ones((3, 2)), 0.5), np.ones((3, 2)))


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_the_cutoff_does_not_depend_on_the_frame_rate(fps):
    filter_ = OneEuroFilter(GROUP, 1.0, 0.0, 0.0)
    filter_.filter(np.zeros((3, 2)), 0.0)
    for k in range(1, int(0.2 * fps) + 1):
        steady = filter_.filter(np.ones((3, 2)), k / fps)
    assert steady[0, 0] == pytest.approx(0.68, abs=0.08)


def test_smoothing_zero_builds_no_filter():
    assert FaceMemory(0, EngineOptions(smoothing=0)).face_filter is None


@pytest.mark.parametrize("columns", [1, 2])
def test_plain_and_complex_numbers_are_filtered_as_arrays_are(columns):
    rng = np.random.default_rng(1)
    tuning = {"min_cutoff_hz": 1.5, "gain": 8.0, "dead_zone": 0.1}
    arrays, numbers = OneEuroFilter(np.arange(2), **tuning), NumberFilter(**tuning)
    now_s = 0.0
    for k in range(60):
        if k == 30:
            arrays.reset()
            numbers.reset()
        value = rng.normal(0, 0.2, (2, columns)) + (k > 40)
        expected = arrays.filter(value, now_s)
        plain = value[:, 0] if columns == 1 else value.view(complex)[:, 0]
        found = np.array(numbers.filter(plain.tolist(), now_s))
        np.testing.assert_allclose(found.view(float).reshape(expected.shape), expected, rtol=1e-12, atol=1e-15)
        now_s += 0.0 if k == 20 else rng.uniform(0.01, 0.05)
