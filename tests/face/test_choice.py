import numpy as np
import pytest

from tracker.face.choice import Challenger, by_prominence, prominence, surest_readings
from tracker.face.crop import face_roll
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


def reading(confidence, size=-90.0, x=250.0):
    """Of a head `size` pixels for each face unit; one that hangs where they are positive."""
    xy = (REFERENCE_HEAD[:66, :2] * size + (x, 150.0)).astype(np.float32)
    return Landmarks(xy, np.full(66, confidence, np.float32))


@pytest.mark.parametrize(("upright", "hanging"), [(0.8, 0.4), (0.4, 0.8)])
def test_of_two_readings_of_one_head_the_surer_counts_not_the_larger(upright, hanging):
    found = [reading(hanging, 105.0), reading(upright), reading(0.3, x=550.0)]
    kept = surest_readings(found)
    assert len(kept) == 2 and kept[1] is found[2]
    assert (abs(face_roll(kept[0].xy)) < 0.2) == (upright > hanging)


def test_hair_over_a_forehead_is_no_hanging_face():
    upright = face_at(320, 240)
    top, height = upright.xy[:, 1].min(), np.ptp(upright.xy[:, 1])
    above = -upright.xy
    above += (2 * upright.xy[:, 0].mean(), top + 0.15 * height - above[:, 1].max())  # its chin reaches into the brows
    hanging = Landmarks(above.astype(np.float32), np.full(66, 0.5, np.float32))
    assert abs(face_roll(hanging.xy)) > 3
    (kept,) = surest_readings([hanging, upright])
    assert kept is upright
    beside = Landmarks(hanging.xy + np.float32((300, 0)), hanging.confidence)
    assert len(surest_readings([beside, upright])) == 2
