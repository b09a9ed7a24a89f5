import numpy as np
import pytest

from tracker.face.choice import Challenger, by_prominence, prominence
from tracker.face.head import REFERENCE_HEAD
from tracker.face.motion import Motion
from tracker.types import Landmarks

TRUSTED = 0.3


def face_at(x, y, size=100.0, confidence=0.9):
    xy = REFERENCE_HEAD[:66, :2] * (-size, -size) + (x, y)
    return Landmarks(xy.astype(np.float32), np.full(66, confidence, np.float32))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (face_at(320, 180, 120), face_at(320, 180, 60)),
        (face_at(320, 180), face_at(580, 60)),
        (face_at(320, 180, confidence=0.49), face_at(320, 180, confidence=0.2)),
        (face_at(320, 180, confidence=0.49), face_at(635, 180, 160, confidence=0.27)),
    ],
    ids=["large", "central", "sure", "whole"],
)
def test_what_counts_more(better, worse):
    assert by_prominence([worse, better], 640, 360, TRUSTED) == [better, worse]


def test_a_still_picture_counts_less_than_a_smaller_living_face():
    poster, person = Motion(), Motion()
    rng = np.random.default_rng(0)
    for k in range(120):
        on_wall = face_at(*(200 + rng.normal(0, 0.1, 2)), 120)
        alive = face_at(440 + 4 * np.sin(k / 30), 200, 80)
        poster.update(on_wall, k / 30)
        person.update(alive, k / 30)
    assert prominence(alive, person.life, 640, 360, TRUSTED) > 1.5 * prominence(on_wall, poster.life, 640, 360, TRUSTED)


def test_a_better_face_must_stay_for_a_while():
    challenger = Challenger()
    assert not challenger.holds(face_at(100, 100), 0.0, 2.0)
    assert not challenger.holds(face_at(110, 100), 1.2, 2.0)
    assert challenger.holds(face_at(120, 100), 2.1, 2.0)


def test_another_face_or_one_that_went_away_starts_anew():
    challenger = Challenger()
    challenger.holds(face_at(100, 100), 0.0, 1.0)
    assert not challenger.holds(face_at(500, 100), 1.1, 1.0)
    challenger.forget_old(9.0)
    assert not challenger.holds(face_at(500, 100), 9.0, 1.0)
