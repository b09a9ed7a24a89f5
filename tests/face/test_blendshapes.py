"""The 52 coefficients: their range, symmetry and neutral face."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tracker import topology as t
from tracker.face.blendshape_measures import EYE_MM, INDEX, NAMES, NEUTRAL, SPREAD, measure, pose_terms
from tracker.face.blendshape_neutral import LARGEST_DEVIATION, NeutralFace
from tracker.face.blendshapes import ALWAYS_ZERO, BlendshapeEstimator, coefficients
from tracker.face.head import REFERENCE_HEAD
from tracker.types import HeadPose

FPS = 30
PLACE = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}
SWAPPED = [
    PLACE[re.sub("Left$|Right$", lambda side: "Left" if side[0] == "Right" else "Right", name)] for name in PLACE
]
STILL = np.zeros(2)
OPEN = np.ones(2)
LIDS = np.array(
    [[NEUTRAL[INDEX[f"{lid}_lid_{side}"]] / EYE_MM for lid in ("upper", "lower")] for side in ("right", "left")]
)
"""Of the average face at rest."""


def head_pose(pitch=0.0, yaw=0.0):
    cos, sin = np.cos(np.radians([pitch, yaw])), np.sin(np.radians([pitch, yaw]))
    nod = np.array([[1, 0, 0], [0, cos[0], -sin[0]], [0, sin[0], cos[0]]])
    turn = np.array([[cos[1], 0, sin[1]], [0, 1, 0], [-sin[1], 0, cos[1]]])
    rotation = turn @ nod
    return HeadPose.from_rotation(rotation, np.array([0.0, 0.0, 4.0]), 1.0)


def settled(points, pose=None, seconds=3.0):
    """An estimator that saw `points` long enough to know them as this person's neutral face."""
    estimator = BlendshapeEstimator()
    for k in range(int(seconds * FPS)):
        values = estimator.update(points, LIDS, pose or head_pose(), OPEN, k / FPS, learn=True)
    return estimator, values


def named(**deviation):
    """Deviations in mm or degrees by the name of the measure."""
    values = np.zeros(len(NAMES))
    for name, value in deviation.items():
        values[INDEX[name]] = value
    return values


def test_the_names_are_in_the_order_in_which_live_link_face_sends_them():
    # The order of Unreal Engine's EARFaceBlendShape.
    order = """
        EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft
        EyeBlinkRight EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight
        JawForward JawLeft JawRight JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight
        MouthSmileLeft MouthSmileRight MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight
        MouthStretchLeft MouthStretchRight MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper
        MouthPressLeft MouthPressRight MouthLowerDownLeft MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight
        BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight
        CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut
    """
    assert [name[0].upper() + name[1:] for name in t.BLENDSHAPE_NAMES] == order.split()


POINTS = npst.arrays(np.float32, (70, 3), elements=st.floats(-5, 5, width=32))


@given(
    POINTS,
    st.floats(-180, 180),
    st.floats(-90, 90),
    npst.arrays(np.float32, 2, elements=st.floats(0, 1, width=32)),
)
def test_any_points_give_52_numbers_from_0_to_1(points, pitch, yaw, openness):
    values = BlendshapeEstimator().update(points, LIDS, head_pose(pitch, yaw), openness, 0.0, learn=True)
    assert values.shape == (52,) and values.dtype == np.float32
    assert np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1
    assert not values[[PLACE[name] for name in ALWAYS_ZERO]].any()


@given(st.integers(0, 2**32 - 1), st.floats(-30, 30), st.floats(-30, 30))
def test_a_mirrored_face_swaps_left_and_right(seed, pitch, yaw):
    rng = np.random.default_rng(seed)
    points = REFERENCE_HEAD + rng.normal(0, 0.02, (70, 3))
    mirrored = points[t.MIRROR_70] * [-1, 1, 1]
    openness = rng.uniform(0, 1, 2)
    terms, mirrored_terms = pose_terms(head_pose(pitch, yaw)), pose_terms(head_pose(pitch, -yaw))
    lids = LIDS + rng.normal(0, 0.03, (2, 2))
    values = coefficients(measure(points, lids, terms) - NEUTRAL, terms[:2], openness)
    swapped = coefficients(measure(mirrored, lids[::-1], mirrored_terms) - NEUTRAL, mirrored_terms[:2], openness[::-1])
    np.testing.assert_allclose(swapped, values[SWAPPED], atol=1e-6)


def test_the_average_head_at_rest_gives_nothing():
    points = REFERENCE_HEAD.astype(np.float32)
    assert (
        BlendshapeEstimator().update(points, LIDS, head_pose(), OPEN, 0.0, learn=True).max() < 0.15
    )  # before it is known
    assert settled(points)[1].max() < 1e-3


def test_an_unusual_resting_face_is_neutral_after_a_calm_second():
    odd = REFERENCE_HEAD.copy()
    odd[t.RIGHT_BROW, 1] += 0.035  # 5 mm
    odd[t.LEFT_MOUTH_CORNER, 1] -= 0.03
    estimator = BlendshapeEstimator()
    first = estimator.update(odd, LIDS, head_pose(), OPEN, 0.0, learn=True)
    assert first[PLACE["browOuterUpRight"]] > 0.5 and first[PLACE["mouthFrownLeft"]] > 0.2
    assert settled(odd)[1].max() < 0.02


@pytest.mark.parametrize(
    ("deviation", "name"),
    [
        ({"upper_lid_left": 2.5}, "eyeWideLeft"),
        ({"lower_lid_right": 3.0}, "eyeSquintRight"),
        ({"gap": 20.0}, "jawOpen"),
        ({"width": -9.0}, "mouthPucker"),
        ({"width": -9.0, "gap": 10.0}, "mouthFunnel"),
        ({"mouth_right": -8.0}, "mouthLeft"),
        ({"mouth_right": 8.0}, "mouthRight"),
        ({"jaw_right": -5.0}, "jawLeft"),
        ({"jaw_right": 5.0}, "jawRight"),
        ({"corner_up_left": 6.0, "corner_out_left": 6.0}, "mouthSmileLeft"),
        ({"corner_lift_right": -5.0, "corner_up_right": -5.0}, "mouthFrownRight"),
        ({"corner_out_right": 8.0}, "mouthStretchRight"),
        ({"lower_thickness_right": -3.0, "lower_thickness_left": -3.0}, "mouthRollLower"),
        ({"upper_thickness_right": -2.0, "upper_thickness_left": -2.0}, "mouthRollUpper"),
        ({"lower_lip_right": 4.0, "lower_lip_left": 4.0}, "mouthShrugLower"),
        ({"upper_lip_right": 4.0, "upper_lip_left": 4.0}, "mouthShrugUpper"),
        ({"upper_thickness_left": -2.0, "lower_thickness_left": -3.0}, "mouthPressLeft"),
        ({"lower_lip_left": -9.0, "gap": 6.0}, "mouthLowerDownLeft"),
        ({"upper_lip_right": 5.0, "gap": 6.0}, "mouthUpperUpRight"),
        ({"brow_inner_left": -5.0, "brow_outer_left": -5.0}, "browDownLeft"),
        ({"brow_inner_left": 7.0, "brow_inner_right": 7.0}, "browInnerUp"),
        ({"brow_outer_right": 7.0}, "browOuterUpRight"),
        ({"corner_up_left": 6.0, "corner_out_left": 6.0, "lower_lid_left": 3.0}, "cheekSquintLeft"),
        ({"upper_lip_left": 4.0, "brow_inner_left": -5.0, "brow_outer_left": -5.0}, "noseSneerLeft"),
        ({"gaze_out_left": 25.0}, "eyeLookOutLeft"),
        ({"gaze_out_left": -25.0}, "eyeLookInLeft"),
        ({"gaze_up_left": 21.0, "gaze_up_right": 21.0}, "eyeLookUpRight"),
        ({"gaze_up_left": -21.0, "gaze_up_right": -21.0}, "eyeLookDownRight"),
    ],
)
def test_each_coefficient_is_complete_where_its_movement_is_and_keeps_to_its_side(deviation, name):
    values = coefficients(named(**deviation), STILL, OPEN)
    assert values[PLACE[name]] == 1
    half = coefficients(named(**{key: 0.5 * value for key, value in deviation.items()}), STILL, OPEN)
    assert 0 < half[PLACE[name]] <= 1
    other = name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left")
    if other != name and not name.startswith(("eyeLookUp", "eyeLookDown")):
        assert values[PLACE[other]] == 0
    assert coefficients(named(), STILL, OPEN)[PLACE[name]] == 0


def test_blinks_are_what_the_eyes_lack_to_be_open():
    values = coefficients(named(), STILL, np.array([0.25, 0.875]))
    assert values[PLACE["eyeBlinkRight"]] == 0.75 and values[PLACE["eyeBlinkLeft"]] == 0.125


def test_an_eye_that_shuts_looks_where_the_other_one_does():
    values = coefficients(named(gaze_out_right=12.0, gaze_out_left=20.0), STILL, np.array([1.0, 0.0]))
    expected = coefficients(named(gaze_out_right=12.0, gaze_out_left=-12.0), STILL, OPEN)
    looks = [PLACE[f"eyeLook{way}{side}"] for way in ("In", "Out") for side in ("Left", "Right")]
    np.testing.assert_allclose(values[looks], expected[looks], atol=0.01)


def test_doubt_grows_with_the_turn_away_from_the_neutral_pose():
    raised = named(brow_outer_right=3.0)
    assert (
        coefficients(raised, STILL, OPEN)[PLACE["browOuterUpRight"]]
        > coefficients(raised, np.array([0.4, 0.0]), OPEN)[PLACE["browOuterUpRight"]]
        > 0
    )


def test_without_a_pose_the_face_stays_but_for_the_blinks():
    points = REFERENCE_HEAD.copy()
    estimator, _ = settled(points)
    points[t.OUTER_LOWER_LIP, 1] -= 0.1
    points[t.INNER_LOWER_LIP, 1] -= 0.1
    opened = estimator.update(points, LIDS, head_pose(), OPEN, 4.0, learn=True)
    assert opened[PLACE["jawOpen"]] > 0.5
    held = estimator.update(None, LIDS, None, np.array([0.0, 1.0]), 4.1, learn=False)
    assert held[PLACE["jawOpen"]] == opened[PLACE["jawOpen"]]
    assert held[PLACE["eyeBlinkRight"]] == 1 and held[PLACE["eyeBlinkLeft"]] == 0


@pytest.mark.parametrize(("pitch", "yaw"), [(0, 0), (20, 0), (0, -25), (-15, 20)])
def test_the_pose_is_taken_towards_the_line_of_sight(pitch, yaw):
    straight = head_pose(pitch, yaw)
    np.testing.assert_allclose(pose_terms(straight)[:2], np.sin(np.radians([pitch, yaw])), atol=1e-9)
    # The same head, carried about the camera into a corner of the picture.
    carry = head_pose(-12, 17).rotation
    rotation = carry @ straight.rotation
    moved = HeadPose.from_rotation(rotation, carry @ straight.translation, 1.0)
    np.testing.assert_allclose(pose_terms(moved), pose_terms(straight), atol=1e-9)


class Resting:
    """A `NeutralFace` fed with rows of measures at 30 frames a second."""

    def __init__(self):
        self.neutral = NeutralFace()
        self.now_s = 0.0

    def show(self, rows, openness=OPEN, learn=True):
        for row in rows:
            self.value, self.pose = self.neutral.update(row, np.array([0.1, -0.2]), openness, self.now_s, learn)
            self.now_s += 1 / FPS
        return self.value


def still(values, seconds=2.0):
    return [values] * int(seconds * FPS)


def test_the_first_calm_second_decides_and_later_ones_do_not():
    resting = Resting()
    mine, smiling = NEUTRAL + 0.8 * SPREAD, NEUTRAL + 2 * SPREAD
    np.testing.assert_allclose(resting.show(still(mine, 5)), mine, atol=1e-2)
    np.testing.assert_allclose(resting.pose, [0.1, -0.2], atol=1e-2)
    np.testing.assert_allclose(resting.show(still(smiling, 5)), mine, atol=1e-2)


def test_a_restless_second_stands_in_until_a_calm_one_comes():
    resting = Resting()
    moving = [NEUTRAL + SPREAD * (1 + np.sin(k)) for k in range(45)]
    assert np.abs(resting.show(moving) - NEUTRAL).max() > 0.3 * SPREAD.max()
    mine = NEUTRAL - 0.5 * SPREAD
    np.testing.assert_allclose(resting.show(still(mine, 5)), mine, atol=1e-2)


def test_an_open_mouth_is_nobodys_neutral_face():
    resting = Resting()
    shouting = NEUTRAL.copy()
    shouting[INDEX["gap"]] += 25.0
    value = resting.show(still(shouting, 5))[INDEX["gap"]]
    assert value <= NEUTRAL[INDEX["gap"]] + LARGEST_DEVIATION * SPREAD[INDEX["gap"]] + 1e-6
    np.testing.assert_allclose(
        resting.show(still(NEUTRAL, 5)), NEUTRAL, atol=1e-2
    )  # the first calm second is yet to come


def test_shut_eyes_and_doubtful_frames_teach_nothing():
    resting = Resting()
    other = NEUTRAL + SPREAD
    np.testing.assert_array_equal(resting.show(still(other, 3), openness=np.array([0.1, 0.1])), NEUTRAL)
    np.testing.assert_array_equal(resting.show(still(other, 3), learn=False), NEUTRAL)


def test_a_neutral_face_is_retaken_within_one_second_when_asked_for():
    resting = Resting()
    resting.show(still(NEUTRAL + 0.5 * SPREAD))
    resting.neutral.retake()
    after = NEUTRAL - SPREAD
    resting.show(still(after, 1.1))
    np.testing.assert_allclose(resting.show(still(NEUTRAL, 3)), after, atol=1e-2)


def test_the_neutral_face_passes_through_a_profile():
    first = Resting()
    mine = NEUTRAL + 0.7 * SPREAD
    first.show(still(mine, 3))
    kept = first.neutral.export()
    again = Resting()
    again.neutral.restore(kept)
    np.testing.assert_allclose(again.show([NEUTRAL]), mine, atol=1e-2)
    for damaged in ({**kept, "gap": float("nan")}, {**kept, "gap": "wide"}, [1.0]):
        with pytest.raises((ValueError, TypeError)):
            Resting().neutral.restore(damaged)
