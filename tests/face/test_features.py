"""OpenSeeFace's features, from one coefficient at a time."""

import numpy as np
import pytest

from tracker import topology as t
from tracker.face.features import NAMES, raw_features


def features(**coefficients):
    values = np.zeros(len(t.BLENDSHAPE_NAMES))
    for name, value in coefficients.items():
        values[t.BLENDSHAPE_NAMES.index(name)] = value
    return dict(zip(NAMES, raw_features(values), strict=True))


def test_a_resting_face_has_none():
    assert set(features().values()) == {0.0}


@pytest.mark.parametrize(
    ("coefficient", "feature", "sign"),
    [
        ("eyeWideRight", "eye_r", 1),
        ("eyeWideLeft", "eye_l", 1),
        ("browOuterUpRight", "eyebrow_updown_r", 1),
        ("browDownLeft", "eyebrow_updown_l", -1),
        ("browInnerUp", "eyebrow_steepness_r", 1),  # the inner end up: sad
        ("browOuterUpLeft", "eyebrow_steepness_l", -1),
        ("browOuterUpRight", "eyebrow_quirk_r", 1),
        ("browDownLeft", "eyebrow_quirk_l", -1),
        ("mouthFrownRight", "mouth_corner_updown_r", 1),  # down is positive
        ("mouthSmileLeft", "mouth_corner_updown_l", -1),
        ("mouthStretchRight", "mouth_corner_inout_r", 1),
        ("mouthPucker", "mouth_wide", -1),
        ("mouthSmileLeft", "mouth_wide", 1),
        ("jawOpen", "mouth_open", 1),
    ],
)
def test_a_movement_moves_its_feature_and_not_the_other_sides(coefficient, feature, sign):
    values = features(**{coefficient: 0.5})
    assert np.sign(values[feature]) == sign
    if coefficient.endswith(("Right", "Left")) and feature.endswith(("_l", "_r")):
        assert values[feature[:-2] + ("_r" if feature.endswith("_l") else "_l")] == 0


def test_a_jaw_that_drops_behind_closed_lips_opens_no_mouth():
    assert features(jawOpen=0.6, mouthClose=0.6)["mouth_open"] == pytest.approx(0, abs=1e-9)


def test_looking_about_and_puffing_the_cheeks_moves_nothing():
    ways = {f"eyeLook{way}{side}": 1.0 for way in ("Up", "Down", "In", "Out") for side in ("Left", "Right")}
    assert set(features(cheekPuff=1.0, **ways).values()) == {0.0}
