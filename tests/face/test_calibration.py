"""A person's ranges, learnt from a hand-made stream of raw values."""

import json

import numpy as np
import pytest

from tracker.face.calibration import PRIOR, FeatureCalibration
from tracker.face.features import NAMES
from tracker.face.openness import CLOSED_SHARE, TYPICAL_OPEN, OpennessCalibration
from tracker.face.running_median import RunningMedian

MOUTH_OPEN = NAMES.index("mouth_open")
NEUTRAL = PRIOR[:, 0]


def feed(calibration, raw, seconds, start_s=0.0, fps=30):
    for k in range(int(seconds * fps)):
        expression = calibration.update(raw, start_s + k / fps, learn=True)
    return expression


def test_an_open_mouth_counts_in_the_very_first_frame():
    raw = NEUTRAL.copy()
    raw[MOUTH_OPEN] += PRIOR[MOUTH_OPEN, 2]
    assert FeatureCalibration(900).update(raw, 0.0, learn=True).mouth_open > 0.8


def test_a_resting_face_becomes_neutral_within_seconds_whatever_its_shape():
    odd = NEUTRAL + 0.8 * PRIOR[:, 2]
    expression = feed(FeatureCalibration(900), odd, seconds=8)
    assert np.abs(expression.as_tuple()).max() < 0.3


def test_values_stay_within_minus_one_and_one():
    calibration = FeatureCalibration(900)
    rng = np.random.default_rng(0)
    for k in range(300):
        values = calibration.update(NEUTRAL + rng.normal(0, 3, 14) * PRIOR[:, 2], k / 30, learn=True).as_tuple()
        assert np.abs(values).max() <= 1


def test_a_wider_range_is_learnt_from_a_wider_expression():
    calibration = FeatureCalibration(900)
    feed(calibration, NEUTRAL, seconds=5)
    large = NEUTRAL.copy()
    large[MOUTH_OPEN] += 2 * PRIOR[MOUTH_OPEN, 2]
    feed(calibration, large, seconds=1, start_s=5)
    half = NEUTRAL.copy()
    half[MOUTH_OPEN] += PRIOR[MOUTH_OPEN, 2]
    assert calibration.update(half, 6.1, learn=True).mouth_open == pytest.approx(0.5, abs=0.1)


def test_ranges_freeze_after_the_given_time():
    calibration = FeatureCalibration(2.0)
    feed(calibration, NEUTRAL, seconds=3)
    before = calibration.neutral().copy()
    feed(calibration, NEUTRAL + PRIOR[:, 2], seconds=10, start_s=3)
    np.testing.assert_array_equal(calibration.neutral(), before)


def test_a_retaken_neutral_is_the_median_of_the_next_second_and_leaves_the_reach():
    calibration = FeatureCalibration(2.0)  # frozen by then: who asks means it
    feed(calibration, NEUTRAL, seconds=5)
    before = calibration.export()
    resting = NEUTRAL + 0.8 * PRIOR[:, 2]
    calibration.retake_neutral()
    feed(calibration, resting, seconds=0.9, start_s=5)
    assert calibration.export() == before
    calibration.update(NEUTRAL, 5.95, learn=True)  # one odd frame
    calibration.update(resting + PRIOR[:, 2], 6.0, learn=False)  # one that is not to be trusted
    expression = feed(calibration, resting, seconds=0.2, start_s=6)
    assert np.abs(expression.as_tuple()).max() < 1e-9
    assert calibration.export() == {"neutral": resting.tolist(), "reach": before["reach"]}


def test_a_kept_profile_is_the_neutral_from_the_first_frame():
    first = FeatureCalibration(900)
    odd = NEUTRAL + 0.8 * PRIOR[:, 2]
    feed(first, odd, seconds=60)
    second = FeatureCalibration(900)
    second.restore(json.loads(json.dumps(first.export())))
    assert np.abs(second.update(odd, 0.0, learn=True).as_tuple()).max() < 0.1


@pytest.mark.parametrize("damage", [{"neutral": [0] * 3}, {"reach": [[-1, 1]] * 14}, {"neutral": [float("nan")] * 14}])
def test_a_damaged_profile_is_refused(damage):
    kept = FeatureCalibration(900).export() | damage
    with pytest.raises(ValueError, match=r"'neutral'|'reach'"):
        FeatureCalibration(900).restore(kept)


def test_a_history_covers_all_of_a_long_run_in_the_same_space():
    history = RunningMedian(np.zeros(1), prior_seconds=0.0, size=16, interval_s=0.1)
    for k in range(5000):
        history.add(np.array([float(k)]), k / 30)
    assert history.value()[0] == pytest.approx(2500, rel=0.2)


def test_openness_is_relative_to_the_persons_own_open_eye():
    narrow = np.full(2, 0.6 * TYPICAL_OPEN)
    calibration = OpennessCalibration(900)
    for k in range(300):
        openness = calibration.update(narrow, np.zeros(2), None, k / 30)
    assert openness.min() > 0.85
    shut = calibration.update(CLOSED_SHARE * narrow, np.full(2, 0.9), None, 10.1)
    assert shut.max() < 0.05


def test_half_closed_eyes_are_ordered_and_a_wink_closes_one_side_only():
    calibration = OpennessCalibration(900)
    for k in range(100):
        calibration.update(np.full(2, TYPICAL_OPEN), np.zeros(2), None, k / 30)
    levels = [calibration.update(np.full(2, TYPICAL_OPEN * s), np.zeros(2), None, 4.0)[0] for s in (0.4, 0.6, 0.8, 1.0)]
    assert levels == sorted(levels) and levels[0] < 0.3 < levels[2]
    wink = calibration.update(np.array([0.1, 1.0]) * TYPICAL_OPEN, np.array([1.0, 0.0]), None, 4.1)
    assert wink[0] < 0.05 and wink[1] > 0.9
