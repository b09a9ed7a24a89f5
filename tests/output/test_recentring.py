"""Recentring moves what is sent, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.output.results import a_face, a_pose, a_result, quaternion_of, turn
from tracker.output.recentring import WINDOW_S, NeutralPose, Recentring
from tracker.output.records import to_records
from tracker.types import FrameResult, HeadPose

FPS = 30
WINDOW = round(WINDOW_S * FPS) + 1


@pytest.mark.parametrize("neutral", [a_pose(40, -15, 8, (1.0, 0.5, 4.0)), a_pose(), a_pose(-70, 20, -30, (-1, 0, 5))])
def test_the_neutral_pose_is_frontal_and_centred_at_its_distance(neutral: HeadPose) -> None:
    centred = NeutralPose.from_pose(neutral).apply(neutral)
    assert centred.rotation == pytest.approx(np.eye(3), abs=1e-12)
    assert centred.quaternion_xyzw == pytest.approx((0, 0, 0, 1), abs=1e-9)
    assert centred.euler_deg == pytest.approx((0, 0, 0), abs=1e-9)
    assert centred.translation == pytest.approx((0, 0, np.linalg.norm(neutral.translation)), abs=1e-12)
    assert centred.error_px == neutral.error_px


def test_nod_and_lean_of_a_user_who_looks_past_the_camera_stay_nod_and_lean() -> None:
    aside = turn(1, 45)
    neutral = a_pose(yaw=45, translation=(0.5, 0.0, 4.0))
    rotation = aside @ turn(0, 20)
    toward_the_screen = aside @ np.array([0.0, 0.0, -1.0])  # out of the face
    leaned = neutral.translation + toward_the_screen
    moved = HeadPose(rotation, leaned, quaternion_of(rotation), np.zeros(3), 1.0)
    centred = NeutralPose.from_pose(neutral).apply(moved)
    assert centred.euler_deg == pytest.approx((20, 0, 0), abs=1e-9)
    assert quaternion_of(centred.rotation) == pytest.approx(centred.quaternion_xyzw, abs=1e-9)
    assert centred.translation == pytest.approx((0, 0, np.linalg.norm(neutral.translation) - 1), abs=1e-9)


def test_poses_around_a_neutral_one_have_it_as_their_mean() -> None:
    around = [
        a_pose(30 + 2 * side, -10, 5 - 2 * side, translation=(0.1 * side, 0.2, 4 + 0.1 * side)) for side in (-1, 0, 1)
    ]
    flipped = HeadPose(
        around[2].rotation, around[2].translation, -around[2].quaternion_xyzw, around[2].euler_deg, around[2].error_px
    )
    mean = NeutralPose.from_poses([around[0], around[1], flipped])
    assert mean.rotation == pytest.approx(a_pose(30, -10, 5).rotation, abs=1e-3)
    assert mean.translation == pytest.approx((0, 0.2, 4))


def yaw(result: FrameResult, face_id: int = 0) -> float:
    (found,) = (face for face in result.faces if face.face_id == face_id)
    assert found.pose is not None
    return float(found.pose.euler_deg[1])


def test_a_request_takes_the_following_frames_for_neutral_and_the_next_one_again() -> None:
    recentring = Recentring()
    index = 0

    def show(degrees: float, frames: int = WINDOW) -> float:
        nonlocal index
        for _ in range(frames):
            sent = recentring.apply(a_result(a_face(pose=a_pose(degrees)), index=index))
            index += 1
        return yaw(sent)

    assert show(30) == pytest.approx(30)
    recentring.request()
    assert show(30) == pytest.approx(0, abs=1e-9)
    assert show(40) == pytest.approx(10), "no further frame moves it"
    recentring.request()
    assert show(50, frames=1) == pytest.approx(20), "until there is a new one the old one holds"
    assert show(50) == pytest.approx(0, abs=1e-9)
    recentring.reset()
    assert show(50) == pytest.approx(50)


def test_a_request_waits_for_somebody_with_a_pose() -> None:
    recentring = Recentring()
    recentring.request()
    for index in range(WINDOW):
        recentring.apply(a_result(index=index))
        recentring.apply(a_result(a_face(with_pose=False), index=index))
    for index in range(WINDOW, 2 * WINDOW):
        sent = recentring.apply(a_result(a_face(pose=a_pose(30)), index=index))
    assert yaw(sent) == pytest.approx(0, abs=1e-9)


def test_poses_from_before_an_absence_are_not_part_of_it() -> None:
    recentring = Recentring()
    recentring.request()
    for index in (0, 1):  # turned to the keyboard, then away for five seconds
        recentring.apply(a_result(a_face(pose=a_pose(40)), index=index))
    for index in range(150, 151 + WINDOW):
        sent = recentring.apply(a_result(a_face(pose=a_pose(2)), index=index))
    assert yaw(sent) == pytest.approx(0, abs=1e-9)


def test_each_face_has_its_own_neutral_and_who_comes_later_has_none() -> None:
    recentring = Recentring()
    recentring.request()
    for index in range(WINDOW):
        recentring.apply(a_result(a_face(0, a_pose(30)), a_face(1, a_pose(-20)), index=index))
    faces = (a_face(0, a_pose(30)), a_face(1, a_pose(-20)), a_face(2, a_pose(15)), a_face(3, with_pose=False))
    sent = recentring.apply(a_result(*faces, index=WINDOW))
    assert [yaw(sent, face_id) for face_id in range(3)] == pytest.approx([0, 0, 15], abs=1e-9)
    assert sent.faces[3].pose is None


def test_pixels_and_features_are_sent_as_they_were() -> None:
    recentring = Recentring()
    recentring.request()
    result = a_result(a_face(pose=a_pose(30)))
    for index in range(WINDOW):
        sent = recentring.apply(a_result(a_face(pose=a_pose(30)), index=index))
    (record,), (raw,) = to_records(sent), to_records(result)
    assert np.abs(record.euler) == pytest.approx((180, 0, 90), abs=1e-4)
    assert raw.euler[1] == pytest.approx(-30, abs=1e-4)
    for name in ("points_2d", "points_3d", "features", "confidence"):
        assert np.array_equal(getattr(record, name), getattr(raw, name))
