"""A person's reach, and open eye, learnt from a hand-made stream of raw values."""

import json

import numpy as np
import pytest

from tracker.face.calibration import LARGEST_REACH, FeatureCalibration
from tracker.face.features import NAMES
from tracker.face.openness import NO_BLINK, OpennessCalibration
from tracker.face.running_median import RunningMedian

MOUTH_OPEN = NAMES.index("mouth_open")
REST = np.zeros(14)


def feed(calibration, raw, seconds, start_s=0.0, fps=30):
    for k in range(int(seconds * fps)):
        values = calibration.update(raw, start_s + k / fps, learn=True)
    return values


def opened(amount):
    raw = REST.copy()
    raw[MOUTH_OPEN] = amount
    return raw


def test_an_open_mouth_counts_in_the_very_first_frame():
    assert FeatureCalibration(900).update(opened(1.0), 0.0, learn=True)[MOUTH_OPEN] > 0.9


def test_values_stay_within_minus_one_and_one():
    calibration = FeatureCalibration(900)
    rng = np.random.default_rng(0)
    for k in range(300):
        assert np.abs(calibration.update(rng.normal(0, 3, 14).tolist(), k / 30, learn=True)).max() <= 1


def test_a_wider_range_is_learnt_from_a_wider_expression():
    calibration = FeatureCalibration(900)
    feed(calibration, opened(1.5), seconds=1)
    assert calibration.update(opened(0.75), 1.1, learn=True)[MOUTH_OPEN] == pytest.approx(0.5, abs=0.1)
    feed(calibration, opened(9.0), seconds=5, start_s=2)
    assert calibration.update(opened(LARGEST_REACH / 2), 7.1, learn=True)[MOUTH_OPEN] == pytest.approx(0.5, abs=0.01)


def test_one_bad_frame_moves_the_range_little_even_after_an_absence():
    reaches = []
    for pause_s in (0.03, 10.0):
        calibration = FeatureCalibration(900)
        feed(calibration, REST, seconds=1)
        calibration.update(opened(LARGEST_REACH), 1.0 + pause_s, learn=True)
        reaches.append(calibration.export()["reach"][MOUTH_OPEN][1])
    assert max(reaches) < 1 + (LARGEST_REACH - 1) / 2


def test_ranges_freeze_after_the_given_time():
    calibration = FeatureCalibration(2.0)
    feed(calibration, REST, seconds=3)
    before = calibration.export()
    feed(calibration, np.full(14, 1.5), seconds=10, start_s=3)
    assert calibration.export() == before


def test_frames_that_are_not_to_be_trusted_teach_nothing():
    calibration = FeatureCalibration(900)
    before = calibration.export()
    calibration.update(np.full(14, 1.5), 0.0, learn=False)
    assert calibration.export() == before


def test_a_kept_reach_holds_from_the_first_frame():
    first = FeatureCalibration(900)
    feed(first, opened(1.5), seconds=5)
    second = FeatureCalibration(900)
    second.restore(json.loads(json.dumps(first.export())))
    assert second.update(opened(1.5), 0.0, learn=True)[MOUTH_OPEN] == pytest.approx(1.0, abs=0.05)
    assert second.update(opened(0.7), 0.0, learn=True)[MOUTH_OPEN] < 0.55


@pytest.mark.parametrize("damage", [{}, {"reach": [[-1, 1]] * 14}, {"reach": [[float("nan")] * 2] * 14}, {"reach": 1}])
def test_a_damaged_profile_is_refused(damage):
    with pytest.raises(ValueError, match="'reach'"):
        FeatureCalibration(900).restore(damage)


def test_a_history_covers_all_of_a_long_run_in_the_same_space():
    history = RunningMedian(np.zeros(1), prior_seconds=0.0, size=16, interval_s=0.1)
    for k in range(5000):
        history.add([float(k)], k / 30)
    assert history.value()[0] == pytest.approx(2500, rel=0.2)


def openness_of(calibration, eye, face, now_s, visible=(True, True)):
    pair = [np.broadcast_to(np.asarray(value, float), 2).tolist() for value in (eye, face)]
    return np.array(calibration.update(*pair, visible, now_s))


def watched(eye=0.02, face=0.02, seconds=4.0):
    calibration = OpennessCalibration(900)
    for k in range(round(seconds * 30)):
        openness_of(calibration, eye, face, k / 30)
    return calibration


def test_open_and_shut_eyes_are_so_in_the_first_frame():
    assert openness_of(OpennessCalibration(900), 0.02, 0.05, 0.0).min() > 0.97
    assert openness_of(OpennessCalibration(900), 0.97, 0.8, 0.0).max() < 0.05


def test_half_closed_eyes_are_ordered_and_a_wink_closes_one_side_only():
    calibration = watched()
    levels = [openness_of(calibration, closing, closing, 4.0)[0] for closing in (0.8, 0.55, 0.35, 0.05)]
    assert levels == sorted(levels) and levels[0] < 0.1 < levels[1] < levels[2] < levels[3]
    wink = openness_of(calibration, (0.97, 0.05), (0.7, 0.1), 4.1)
    assert wink[0] < 0.1 and wink[1] > 0.9


def test_one_network_alone_does_not_close_an_eye():
    calibration = watched()
    assert openness_of(calibration, 0.04, 0.35, 4.0).min() > 0.8, "a smile, as the landmark network may read it"
    assert openness_of(calibration, 0.35, 0.03, 4.0).min() > 0.8, "a narrow eye"


def test_an_open_eye_that_is_taken_for_closed_recovers_within_seconds():
    calibration = watched(eye=0.95, face=0.15, seconds=10)
    assert openness_of(calibration, 0.95, 0.15, 10.0).min() > 0.6
    assert openness_of(calibration, 0.99, 0.9, 10.1).max() < 0.1, "and still closes"


def test_half_open_eyes_that_are_always_so_become_this_persons_open_ones():
    before = openness_of(OpennessCalibration(900), 0.4, 0.3, 0.0).min()
    assert openness_of(watched(0.4, 0.3, 10), 0.4, 0.3, 10.1).min() > before + 0.1


def test_an_eye_outside_the_picture_keeps_its_last_value():
    calibration = OpennessCalibration(900)
    before = openness_of(calibration, 0.02, 0.02, 0.0)
    after = openness_of(calibration, (1.0, 0.02), (0.9, 0.02), 0.1, visible=(False, True))
    assert after[0] == before[0] > 0.9


def test_a_kept_eye_holds_from_the_first_frame():
    second = OpennessCalibration(900)
    second.restore(json.loads(json.dumps(watched(0.5, 0.4, 30).export())))
    assert second.export()["habit"][0] > NO_BLINK
    assert openness_of(second, 0.5, 0.4, 0.0).min() > openness_of(OpennessCalibration(900), 0.5, 0.4, 0.0).min()
