import numpy as np
import pytest

pytest.importorskip("torch")

from tracker.topology import BLENDSHAPE_MIRROR, BLENDSHAPE_NAMES
from training.expression.metrics import against_truth, area_under_curve, reach, summary, within_clips
from training.landmarks.against_people import calibration_error, in_eye_line, lip_gap, reliability, without_offsets


def column(name):
    return BLENDSHAPE_NAMES.index(name)


def test_area_counts_ties_half():
    assert area_under_curve(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(0.875)


def test_only_what_is_known_counts():
    rng = np.random.default_rng(0)
    truth = np.where(rng.random((400, 52)) < 0.5, 0, rng.random((400, 52)))
    known = np.ones(truth.shape, bool)
    known[:, column("tongueOut")] = False
    figures = against_truth(truth + rng.normal(0, 0.01, truth.shape), truth, known)
    assert "tongueOut" not in figures
    assert figures["jawOpen"].auc > 0.99 and figures["jawOpen"].r > 0.99
    assert summary(figures)["of"] == 51 - sum(name.startswith("eyeLook") for name in BLENDSHAPE_NAMES)


def test_a_clips_own_level_does_not_count():
    rng = np.random.default_rng(1)
    scores = [rng.random((200, 52)) * 0.5, rng.random((200, 52)) * 0.5]
    found = [scores[0] + 0.4, scores[1] * 0.9]
    found[1][:20] = np.nan  # no face
    assert min(within_clips(found, scores).values()) > 0.98


def test_a_coefficient_that_does_not_move_is_left_out():
    scores = np.full((100, 52), 0.05)
    scores[:, column("jawOpen")] = np.linspace(0, 1, 100)
    assert list(within_clips([scores], [scores])) == ["jawOpen"]


def test_left_and_right_are_each_others_mirror():
    assert np.array_equal(BLENDSHAPE_MIRROR[BLENDSHAPE_MIRROR], np.arange(52))
    assert BLENDSHAPE_NAMES[BLENDSHAPE_MIRROR[column("eyeLookInLeft")]] == "eyeLookInRight"
    assert BLENDSHAPE_MIRROR[column("jawOpen")] == column("jawOpen")


def test_a_constant_offset_is_removed_and_noise_stays():
    rng = np.random.default_rng(2)
    truth = np.tile(rng.normal(0, 50, (1, 66, 2)), (200, 1, 1))
    truth[:, 36], truth[:, 45] = (-50, 0), (50, 0)
    found = truth + (5, 0) + rng.normal(0, 0.1, truth.shape)
    error = in_eye_line(found, truth)
    assert error[..., 0].mean() == pytest.approx(0.05, abs=1e-3)
    assert np.abs(without_offsets(error)).max() < 0.01


def test_lip_gap_is_in_percent_of_the_eyes_distance():
    points = np.zeros((1, 66, 2))
    points[:, 36], points[:, 45] = (-50, 0), (50, 0)
    points[:, [59, 60, 61]] = (0, 40)
    points[:, [63, 64, 65]] = (0, 43)
    assert lip_gap(points)[0] == pytest.approx(3)


def test_confidence_that_says_what_is_true_has_no_calibration_error():
    said = np.repeat([0.25, 0.75], 400)
    right = np.tile([True, False, False, False], 100).tolist() + np.tile([True, True, True, False], 100).tolist()
    honest = reliability(said, np.array(right))
    assert [row[1:] for row in honest] == [[400, 0.25, 0.25], [400, 0.75, 0.75]]
    assert calibration_error(honest) == 0
    assert calibration_error(reliability(said, np.zeros(800, bool))) == 0.5


def test_reach_is_the_share_of_a_full_movement_that_is_answered():
    truth = np.zeros((20, 52))
    truth[:10, column("jawOpen")], truth[:3, column("cheekPuff")] = 0.8, 1.0
    found = 0.5 * truth + 0.1
    found[0] = np.nan  # no face
    assert reach(found, truth, np.ones(truth.shape, bool)) == {"jawOpen": pytest.approx(0.5 / 0.8)}


def test_what_is_off_by_person_is_gone_with_each_persons_own_zero():
    from training.expression.stills import own_zero_error

    identity = np.array([1, 1, 1, 2, 2, 3])
    assert own_zero_error(np.array([4.0, 4.0, 4.0, -2.0, -2.0, 9.0]), identity) == 0.0
    assert own_zero_error(np.array([1.0, -1.0]), np.array([7, 7])) == 2.0
    assert np.isnan(own_zero_error(np.array([1.0, 2.0]), np.array([1, 2])))
