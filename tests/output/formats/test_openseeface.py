from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from protocol.openseeface import decode, encode
from tests.output.results import a_face, a_pose, a_result, quaternion_of, turn
from tests.protocol.unity_reader import read, turn_degrees
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.records import NO_POSE_ERROR, WirePose, to_records
from tracker.output.subject import OutputFrame
from tracker.types import HeadPose

GOLDEN = Path(__file__).parents[2] / "protocol" / "data"

# yaw, pitch, roll; quaternion x, y, z, w; euler: what receivers are known to expect
POSES = {
    "frontal": ((0, 0, 0), (0.7071, 0.7071, 0, 0), (180, 0, 90)),
    "yaw_plus_20": ((20, 0, 0), (0.6964, 0.6964, 0.1228, 0.1228), (180, -20, 90)),
    "yaw_minus_20": ((-20, 0, 0), (0.6964, 0.6964, -0.1228, -0.1228), (180, 20, 90)),
    "pitch_plus_20": ((0, 20, 0), (0.6964, 0.6964, -0.1228, 0.1228), (-160, 0, 90)),
    "pitch_minus_20": ((0, -20, 0), (0.6964, 0.6964, 0.1228, -0.1228), (160, 0, 90)),
    "roll_plus_20": ((0, 0, 20), (0.8192, 0.5736, 0, 0), (180, 0, 70)),
    "roll_minus_20": ((0, 0, -20), (0.5736, 0.8192, 0, 0), (180, 0, 110)),
    "yaw_15_pitch_10_roll_5": ((15, 10, 5), (0.7205, 0.6756, 0.0375, 0.1516), (-170, -15, 85)),
    "yaw_minus_25_pitch_minus_10_roll_8": ((-25, -10, 8), (0.7216, 0.6523, -0.1069, -0.2057), (170, 25, 82)),
}


@pytest.mark.parametrize("name", POSES)
def test_pose_matches_the_known_values_and_the_golden_packet(name: str) -> None:
    (yaw, pitch, roll), quaternion, euler = POSES[name]
    wire = WirePose.from_pose(a_pose(yaw, pitch, roll))
    assert wire.quaternion == pytest.approx(quaternion, abs=6e-5)
    assert wire.euler == pytest.approx(euler, abs=1e-9)
    (golden,) = decode((GOLDEN / f"{name}.bin").read_bytes())
    assert wire.quaternion == pytest.approx(golden.quaternion, abs=1e-6)
    assert wire.euler == pytest.approx(golden.euler, abs=1e-4)


def wire_rotation(pose: HeadPose) -> np.ndarray:
    return np.array([[0, -1, 0], [-1, 0, 0], [0, 0, 1]]) @ -pose.rotation


def test_quaternion_euler_and_rotation_vector_all_describe_the_same_rotation() -> None:
    random = np.random.default_rng(1)
    for yaw, pitch, roll in random.uniform((-60, -40, -40), (60, 40, 40), (50, 3)):
        pose = a_pose(yaw, pitch, roll)
        wire, expected = WirePose.from_pose(pose), wire_rotation(pose)
        assert np.linalg.det(expected) == pytest.approx(1.0)
        transposed = quaternion_of(expected.T)
        assert wire.quaternion == pytest.approx(transposed * np.sign(transposed[0]), abs=1e-9)
        assert wire.quaternion[0] > 0.19
        e0, e1, e2 = wire.euler
        assert turn(2, e2) @ turn(1, e1) @ turn(0, e0) == pytest.approx(expected, abs=1e-9)
        angle = float(np.linalg.norm(wire.rotation_vector))
        x, y, z = wire.rotation_vector / angle
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rodrigues = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
        assert rodrigues == pytest.approx(expected, abs=1e-9)


def test_rotation_vector_does_not_jump_when_nodding_through_the_frontal_pose() -> None:
    vectors = [WirePose.from_pose(a_pose(pitch=pitch)).rotation_vector for pitch in (-0.5, 0.0, 0.5)]
    assert np.abs(np.diff(vectors, axis=0)).max() < 0.02


def test_translation_is_up_image_left_and_minus_the_distance() -> None:
    wire = WirePose.from_pose(a_pose(translation=(0.5, -0.25, 4.0)))
    assert wire.translation.tolist() == [0.25, -0.5, -4.0]


def test_record_carries_every_value_of_the_face() -> None:
    face = a_face(face_id=2, openness=(1.0, 0.3))
    result = a_result(face)
    (record,) = to_records(result, face_id_offset=10)
    assert face.pose is not None and face.points_3d is not None
    assert (record.time, record.face_id, record.width, record.height) == (result.unix_time, 12, 640, 360)
    assert (record.right_eye_open, record.left_eye_open) == (1.0, pytest.approx(0.3))
    assert record.got_3d and record.fit_error == face.pose.error_px
    assert np.array_equal(record.confidence[:66], face.landmarks.confidence)
    assert np.array_equal(record.confidence[66:], face.eyes.confidence)
    assert np.array_equal(record.points_2d[:66], face.landmarks.xy)
    assert np.array_equal(record.points_2d[66:], face.eyes.pupils)
    assert np.array_equal(record.points_3d, face.points_3d * np.array([1, -1, -1], np.float32))
    assert record.features.tolist() == pytest.approx(face.expression.as_tuple())
    assert len(encode([record])) == 1785


def test_subjects_right_is_plus_x_down_is_plus_y_and_into_the_head_is_plus_z() -> None:
    (record,) = to_records(a_result(a_face()))
    right_jaw, chin = record.points_3d[0], record.points_3d[8]
    assert right_jaw[0] > 0.4 and right_jaw[2] > 0.7
    assert chin[1] > 0.5


def test_gaze_to_the_subjects_right_and_down_is_plus_x_and_plus_y() -> None:
    (record,) = to_records(a_result(a_face(gaze=(0.03, -0.02))))
    for pupil, eyeball in ((66, 68), (67, 69)):
        assert record.points_3d[pupil] - record.points_3d[eyeball] == pytest.approx((0.03, 0.02, -0.1), abs=1e-6)
    assert turn_degrees(read(encode([record])).right_gaze)[1] == pytest.approx(16.7, abs=0.1)


def test_face_without_a_pose_is_sent_as_one_that_receivers_of_3d_drop() -> None:
    face = a_face(with_pose=False)
    (record,) = to_records(a_result(face))
    assert not record.got_3d
    assert record.fit_error == NO_POSE_ERROR > 100
    for values in (record.quaternion, record.euler, record.translation, record.points_3d):
        assert not values.any()
    assert np.array_equal(record.points_2d[:66], face.landmarks.xy)
    assert record.features.any()


def test_frame_without_a_face_gives_no_record() -> None:
    assert to_records(a_result()) == []


def test_the_datagram_is_that_of_the_records_lowest_id_first() -> None:
    result = a_result(a_face(face_id=2), a_face(face_id=1, with_pose=False))
    expected = encode(to_records(result, face_id_offset=3))
    assert OpenSeeFaceEncoder().encode(OutputFrame(result, None, 3)) == (expected,)
    assert [record.face_id for record in decode(expected)] == [4, 5]
