"""The fit of the pose correction, on features made up here."""

import numpy as np
import pytest

pytest.importorskip("torch")
from tracker.face.pose_correction import N_FEATURES
from training.make_pose import fit, mirrored_features, predict

LAST_JAW = [3 + 2 * 16, 4 + 2 * 16]
"""Features of the point that mirrors the first."""


def test_hidden_units_tell_what_a_linear_map_leaves():
    rng = np.random.default_rng(4)
    known = np.zeros((6000, N_FEATURES))
    known[:, 0], known[:, 1:5], known[:, LAST_JAW] = 1.0, rng.normal(0, 0.5, (6000, 4)), rng.normal(0, 0.5, (6000, 2))
    aside, up = (known[:, [3 + k, LAST_JAW[k]]].sum(axis=1) for k in (0, 1))
    true = np.stack([20 * up + 12 * np.tanh(2 * up * up), 15 * aside + 12 * aside * np.abs(aside)], axis=1)
    taught, others = np.arange(5000), np.arange(5000, 6000)
    weights, hidden = fit(known[taught], true[taught], np.ones(5000))
    linear = predict((weights, np.zeros_like(hidden)), known[others])
    curved = predict((weights, hidden), known[others])
    off = [np.abs(found - found.mean(0) - true[others] + true[others].mean(0)).mean() for found in (linear, curved)]
    assert off[1] < 0.8 * off[0]
    assert np.abs(curved - true[others]).mean() == pytest.approx(off[1], abs=0.3), "no offset is left"


def test_the_same_views_give_the_same_map():
    rng = np.random.default_rng(5)
    known, true = rng.normal(0, 1, (300, N_FEATURES)), rng.normal(0, 10, (300, 2))
    first, second = (fit(known, true, np.ones(300)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_a_mirrored_face_has_the_same_pitch_and_the_opposite_yaw():
    rng = np.random.default_rng(6)
    known, true = rng.normal(0, 1, (300, N_FEATURES)), rng.normal(0, 10, (300, 2))
    known[:, 0] = 1.0
    both = np.concatenate([known, mirrored_features(known)])
    weights = fit(both, np.concatenate([true, true * [1, -1]]), np.ones(600))
    np.testing.assert_allclose(predict(weights, mirrored_features(known)), predict(weights, known) * [1, -1], atol=1e-3)
