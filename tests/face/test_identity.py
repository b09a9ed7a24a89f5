import numpy as np
import pytest

from tracker.face.detector import intersection_over_union
from tracker.face.head import REFERENCE_HEAD
from tracker.face.identity import choose_memory, strays_more
from tracker.face.memory import FaceMemory
from tracker.face.motion import proportions
from tracker.face.options import EngineOptions
from tracker.types import Landmarks


def face_at(x, y, size=100.0):
    xy = REFERENCE_HEAD[:66, :2] * (-size, -size) + (x, y)
    return Landmarks(xy.astype(np.float32), np.ones(66, np.float32))


def memories(*places):
    made = [FaceMemory(k, EngineOptions()) for k in range(len(places))]
    for memory, (landmarks, missing) in zip(made, places, strict=True):
        memory.landmarks, memory.missing_frames = landmarks, missing
    return made


def test_the_first_face_gets_id_zero():
    assert choose_memory(face_at(100, 100), memories((None, 0), (None, 0))).face_id == 0


def test_a_lost_face_found_again_keeps_its_id():
    known = memories((face_at(100, 100), 3), (face_at(500, 100), 3))
    assert choose_memory(face_at(510, 110), known).face_id == 1


def test_a_stranger_far_from_a_lost_face_gets_a_fresh_id():
    known = memories((face_at(100, 100), 3), (None, 0))
    assert choose_memory(face_at(600, 300), known).face_id == 1


def test_the_only_id_is_given_even_to_a_distant_face():
    assert choose_memory(face_at(600, 300), memories((face_at(100, 100), 3))).face_id == 0


def test_no_id_is_left_when_all_are_held():
    assert choose_memory(face_at(600, 300), memories((face_at(100, 100), 0))) is None


def test_what_is_lost_for_good_forgets_its_motion_but_not_the_person():
    (memory,) = memories((face_at(100, 100), 11))
    features = memory.features
    memory.drop()
    assert memory.landmarks is None and not memory.active and memory.features is features


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [((0, 0, 2, 2), (0, 0, 2, 2), 1.0), ((0, 0, 2, 2), (1, 0, 2, 2), 1 / 3), ((0, 0, 1, 1), (2, 2, 1, 1), 0.0)],
)
def test_intersection_over_union(a, b, expected):
    assert intersection_over_union(a, b) == pytest.approx(expected)


def test_whoever_gets_a_dropped_id_starts_from_the_reference_head():
    (memory,) = memories((face_at(100, 100), 11))
    memory.head.head = REFERENCE_HEAD * 1.1
    memory.restart_motion()
    assert not np.array_equal(memory.head.head, REFERENCE_HEAD), "an interruption does not change the person"
    memory.drop()
    assert np.array_equal(memory.head.head, REFERENCE_HEAD)


def moving(memory, *centres, step_s=1 / 30):
    """Let the face of `memory` pass through `centres`, one a frame; the media time after the last."""
    for k, (x, y) in enumerate(centres):
        memory.landmarks = face_at(x, y)
        memory.motion.update(memory.landmarks, k * step_s)
    return (len(centres) - 1) * step_s


def test_a_hidden_face_is_expected_where_it_was_going():
    right, left = memories((None, 0), (None, 0))
    for memory, way in ((right, 10), (left, -10)):
        end_s = moving(memory, *((300 + way * (k - 30), 100) for k in range(30)))
        memory.drop()
    # Both have passed the middle while hidden, so that each is nearer to where the other one was lost.
    assert choose_memory(face_at(400, 100), [right, left], end_s + 0.35) is right
    assert choose_memory(face_at(200, 100), [right, left], end_s + 0.35) is left


def test_of_two_ids_at_one_face_the_one_that_jumped_gives_way():
    passing, hidden = memories((None, 0), (None, 0))
    end_s = moving(passing, *((10 * k, 100) for k in range(30)))
    moving(hidden, *((600 - 10 * k, 100) for k in range(30)))
    found = face_at(330, 100)
    assert strays_more(hidden, passing, found, end_s + 4 / 30)
    assert not strays_more(passing, hidden, found, end_s + 4 / 30)


def test_two_who_were_both_lost_are_told_apart_by_their_proportions():
    narrow, wide = memories((None, 0), (None, 0))
    for memory, width in ((narrow, 0.9), (wide, 1.1)):
        memory.motion.update(face_at(100, 100), 0.0)
        memory.motion.update_shape(REFERENCE_HEAD * (width, 1, 1), 0.0)
        memory.drop()
    for owner, width in ((narrow, 0.9), (wide, 1.1)):
        seen = proportions(REFERENCE_HEAD * (3 * width, 3, 3))
        assert choose_memory(face_at(100, 100), [narrow, wide], 1.0, seen) is owner
