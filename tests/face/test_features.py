"""Raw features on the reference head, moved one thing at a time."""

import numpy as np
import pytest

from tracker import topology as t
from tracker.face.features import NAMES, raw_features
from tracker.face.head import REFERENCE_HEAD


def changed(points, dx=0.0, dy=0.0):
    head = REFERENCE_HEAD.copy()
    head[points] += (dx, dy, 0)
    before, after = raw_features(REFERENCE_HEAD), raw_features(head)
    return dict(zip(NAMES, after - before, strict=True))


def test_both_sides_of_a_symmetric_face_are_equal():
    values = dict(zip(NAMES, raw_features(REFERENCE_HEAD), strict=True))
    for name in NAMES:
        if name.endswith("_l"):
            assert values[name] == pytest.approx(values[f"{name[:-2]}_r"], abs=1e-6)


@pytest.mark.parametrize(
    ("feature", "points", "dy", "sign"),
    [
        ("eye_r", [37, 38], -0.03, -1),
        ("eye_l", [43, 44], 0.02, 1),
        ("eyebrow_updown_r", t.RIGHT_BROW, 0.05, 1),
        ("eyebrow_updown_l", t.LEFT_BROW, -0.05, -1),
        ("eyebrow_steepness_r", [21], 0.03, 1),  # the inner end up: sad
        ("eyebrow_steepness_l", [26], 0.03, -1),  # the outer end up: angry
        ("eyebrow_quirk_r", [18, 19, 20], 0.03, 1),
        ("eyebrow_quirk_l", [23, 24, 25], 0.03, 1),
        ("mouth_corner_updown_r", [t.RIGHT_MOUTH_CORNER], -0.05, 1),  # down is positive: a frown
        ("mouth_corner_updown_l", [t.LEFT_MOUTH_CORNER], 0.05, -1),
        ("mouth_open", t.INNER_LOWER_LIP, -0.1, 1),
    ],
)
def test_a_movement_up_or_down_moves_its_own_feature(feature, points, dy, sign):
    difference = changed(points, dy=dy)
    assert np.sign(difference[feature]) == sign
    other = feature[:-2] + ("_r" if feature.endswith("_l") else "_l")
    if other in difference:
        assert difference[other] == pytest.approx(0, abs=1e-9)


def test_spreading_the_mouth_widens_it_and_moves_each_corner_outward():
    assert changed([t.RIGHT_MOUTH_CORNER], dx=0.03)["mouth_corner_inout_r"] > 0
    assert changed([t.LEFT_MOUTH_CORNER], dx=-0.03)["mouth_corner_inout_l"] > 0
    assert changed([t.LEFT_MOUTH_CORNER], dx=-0.03)["mouth_wide"] > 0
