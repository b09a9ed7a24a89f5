import numpy as np

from tracker.face.gaze import PupilMemory, eye_centres, to_pixels
from tracker.face.head import REFERENCE_HEAD

FACE = (REFERENCE_HEAD[:66, :2] * (-200, -200) + (320, 180)).astype(np.float32)
OPEN = np.ones(2)
CENTRES = eye_centres(FACE)


def looking(dx, dy=0.0):
    return CENTRES + np.array([dx, dy])


def placed(memory, pupils, openness):
    return to_pixels(FACE, memory.place(FACE, pupils, openness))


def test_open_eyes_pass_their_pupils_on():
    np.testing.assert_allclose(placed(PupilMemory(), looking(5, 2), OPEN), looking(5, 2), atol=1e-3)


def test_gaze_holds_while_both_eyes_are_closed():
    memory = PupilMemory()
    placed(memory, looking(6), OPEN)
    np.testing.assert_allclose(placed(memory, looking(-20, 15), np.zeros(2)), looking(6), atol=1e-3)


def test_a_winking_eye_follows_the_open_one():
    memory = PupilMemory()
    placed(memory, looking(0), OPEN)
    wild = looking(4)
    wild[0] = CENTRES[0] + (-30, 25)  # the closed eye's reading means nothing
    np.testing.assert_allclose(placed(memory, wild, np.array([0.05, 1.0])), looking(4), atol=0.6)


def test_a_held_pupil_moves_with_its_head():
    memory = PupilMemory()
    memory.place(FACE, looking(5), OPEN)
    place = memory.place(FACE + 50, looking(-9), np.zeros(2))
    np.testing.assert_allclose(to_pixels(FACE + 50, place), looking(5) + 50, atol=1e-3)
