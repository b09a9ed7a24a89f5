from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.output.people import a_person, after
from tests.output.results import a_pose, a_result
from tracker.output.subject import CM_PER_UNIT, REST_S, Angles, AvatarSubject, AvatarSubjectTracker
from tracker.topology import BLENDSHAPE_NAMES
from tracker.types import Expression, Face


def follow(*faces: Face) -> AvatarSubject:
    subject = AvatarSubjectTracker().update(a_result(*faces))
    assert subject is not None
    return subject


def test_a_unit_is_what_the_head_measures() -> None:
    assert pytest.approx(9.0) == CM_PER_UNIT * 0.632  # outer eye corners


def test_without_a_face_there_is_no_subject() -> None:
    assert AvatarSubjectTracker().update(a_result()) is None


def test_the_face_with_the_lowest_id_is_the_subject() -> None:
    assert follow(a_person(face_id=2), a_person(face_id=5)).face_id == 2


def test_places_are_centimetres_and_leaning_is_from_where_one_sits() -> None:
    follower = AvatarSubjectTracker()
    first = a_result(a_person(place=(0.0, 0.0, 4.0)))
    follower.update(first)
    subject = follower.update(after(a_result(a_person(place=(0.5, 0.25, 3.0))), REST_S))
    assert subject is not None
    assert subject.head is not None
    assert subject.head.position_cm == pytest.approx((0.5 * CM_PER_UNIT, -0.25 * CM_PER_UNIT, 3.0 * CM_PER_UNIT))
    assert subject.head.offset_cm == pytest.approx((0.5 * CM_PER_UNIT, -0.25 * CM_PER_UNIT, 1.0 * CM_PER_UNIT))


def test_resting_takes_the_distance_anew() -> None:
    follower = AvatarSubjectTracker()
    follower.update(a_result(a_person(place=(0.0, 0.0, 4.0))))
    follower.recentre()
    subject = follower.update(after(a_result(a_person(place=(0.0, 0.0, 5.0))), 10.0))
    assert subject is not None
    assert subject.head is not None
    assert subject.head.offset_cm[2] == pytest.approx(0.0)


def test_a_pose_that_is_not_finite_does_not_spoil_those_after_it() -> None:
    follower = AvatarSubjectTracker()
    follower.update(a_result(a_person(place=(0.0, 0.0, math.nan))))
    subject = follower.update(after(a_result(a_person(place=(0.0, 0.0, 4.0))), 0.5))
    assert subject is not None
    assert subject.head is not None
    assert subject.head.offset_cm == pytest.approx((0.0, 0.0, 0.0))


def test_a_frame_without_a_pose_keeps_the_last_one_and_the_look() -> None:
    follower = AvatarSubjectTracker()
    known = follower.update(a_result(a_person(yaw=20.0, look_right=10.0)))
    assert known is not None
    lost = dataclasses.replace(a_person(openness=(0.0, 1.0)), pose=None, points_3d=None, gaze=None)
    subject = follower.update(a_result(lost))
    assert subject is not None
    assert (subject.head, subject.gaze) == (known.head, known.gaze)
    assert subject.openness == (0.0, 1.0)


def test_another_person_does_not_inherit_a_pose() -> None:
    follower = AvatarSubjectTracker()
    follower.update(a_result(a_person(yaw=20.0, look_right=10.0, face_id=0)))
    other = dataclasses.replace(a_person(face_id=1), pose=None, points_3d=None, gaze=None)
    subject = follower.update(a_result(other))
    assert subject is not None
    assert subject.head is None
    assert subject.gaze == (Angles(0.0, 0.0), Angles(0.0, 0.0))


def test_without_gaze_tracking_the_look_is_straight_ahead() -> None:
    face = dataclasses.replace(a_person(look_right=10.0), gaze=None)
    subject = AvatarSubjectTracker().update(a_result(face))
    assert subject is not None
    assert subject.gaze == (Angles(0.0, 0.0), Angles(0.0, 0.0))


def test_a_mirror_of_a_mirror_is_the_person() -> None:
    shapes = {name: number / 60 for number, name in enumerate(BLENDSHAPE_NAMES)}
    expression = Expression(*(number / 20 for number in range(14)))
    face = a_person(10, 5, 3, (0.2, 0.1, 4.5), 7.0, 2.0, 4.0, (0.25, 1.0), expression, shapes)
    subject = follow(face)
    mirrored = subject.mirrored()
    assert mirrored != subject
    assert mirrored.mirrored() == subject
    assert mirrored.blendshapes is not None
    assert subject.blendshapes is not None
    at = BLENDSHAPE_NAMES.index
    for one, other in (("eyeLookInLeft", "eyeLookInRight"), ("jawLeft", "jawRight"), ("jawOpen", "jawOpen")):
        assert mirrored.blendshapes[at(one)] == subject.blendshapes[at(other)]
    assert mirrored.expression.eyebrow_updown_l == subject.expression.eyebrow_updown_r
    assert mirrored.expression.mouth_open == subject.expression.mouth_open


def test_the_mirrored_quaternion_is_that_of_the_mirrored_angles() -> None:
    head = follow(a_person(20, 10, -5)).head
    expected = a_pose(-20, 10, 5).quaternion_xyzw
    assert head is not None
    assert np.allclose(head.mirrored().quaternion, expected)
