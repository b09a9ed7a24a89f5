import numpy as np

from tracker.face.gaze import PupilMemory, corners_of, eye_centres, eyes_inside, to_pixels
from tracker.face.head import REFERENCE_HEAD

FACE = (REFERENCE_HEAD[:66, :2] * (-200, -200) + (320, 180)).astype(np.float32)
OPEN = np.ones(2)


def looking(dx, dy=0.0):
    """Both pupils so far from the middle of their eyes, in eye widths."""
    return [complex(dx, dy)] * 2


def test_open_eyes_pass_their_pupils_on():
    np.testing.assert_array_equal(PupilMemory().update(looking(0.1, 0.04), OPEN), looking(0.1, 0.04))


def test_gaze_holds_while_both_eyes_are_closed():
    memory = PupilMemory()
    memory.update(looking(0.15), OPEN)
    np.testing.assert_array_equal(memory.update(looking(-0.5, 0.4), np.zeros(2)), looking(0.15))


def test_a_winking_eye_follows_the_open_one():
    memory = PupilMemory()
    memory.update(looking(0.0), OPEN)
    wild = looking(0.1)
    wild[0] = -0.8 + 0.6j  # the closed eye's reading means nothing
    np.testing.assert_allclose(memory.update(wild, np.array([0.05, 1.0])), looking(0.1))


def test_pupils_stand_in_their_eyes_wherever_the_head_is():
    right, left = FACE[[36, 39]].astype(float), FACE[[42, 45]].astype(float)  # corners, from the picture's left
    widths = np.hypot(*(right[1] - right[0])), np.hypot(*(left[1] - left[0]))
    expected = eye_centres(corners_of(FACE)) + np.array([[0.2 * width, 0.0] for width in widths])
    # The corner lines are nearly level.
    np.testing.assert_allclose(to_pixels(corners_of(FACE), looking(0.2)), expected, atol=0.5)
    np.testing.assert_allclose(
        to_pixels(corners_of(FACE + 50), looking(0.2)), to_pixels(corners_of(FACE), looking(0.2)) + 50, atol=1e-3
    )


def test_pupils_turn_with_the_head():
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])  # x to y: clockwise in the picture
    seen = to_pixels(corners_of((FACE @ quarter).astype(np.float32)), looking(0.2, -0.1))
    np.testing.assert_allclose(seen, to_pixels(corners_of(FACE), looking(0.2, -0.1)) @ quarter, atol=1e-3)


def test_eye_centres_are_the_middles_of_the_corners():
    np.testing.assert_allclose(eye_centres(corners_of(FACE)), FACE[[[36, 39], [42, 45]]].mean(axis=1), atol=1e-4)


def test_an_eye_is_outside_as_soon_as_one_of_its_corners_is():
    assert eyes_inside(corners_of(FACE), 640, 360) == [True, True]
    x_of_right_eye = FACE[36, 0]  # the subject's right eye is at the picture's left
    assert eyes_inside(corners_of(FACE - (x_of_right_eye + 1, 0)), 640, 360) == [False, True]
