"""What an unchanged OpenSeeFace receiver makes of our golden packets."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from tests.protocol.unity_reader import RECORD_BYTES, HeadTarget, Reading, UnityReceiver, read, rotate, turn_degrees

DATA = Path(__file__).parent / "data"


def reading(name: str) -> Reading:
    return read((DATA / f"{name}.bin").read_bytes())


def avatar_after(name: str) -> HeadTarget:
    """A head that was calibrated on the frontal packet and then got packet `name`."""
    head = HeadTarget()
    for frame in range(6):
        head.update(dataclasses.replace(reading("frontal"), time=100.0 + frame))
    assert head.update(dataclasses.replace(reading(name), time=200.0))
    return head


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        ("frontal", (0, 0, 0)),
        ("yaw_plus_20", (0, 20, 0)),  # to the avatar's right
        ("yaw_minus_20", (0, -20, 0)),
        ("pitch_plus_20", (20, 0, 0)),  # down
        ("pitch_minus_20", (-20, 0, 0)),
        ("roll_plus_20", (0, 0, 20)),  # top of the head to the avatar's left
        ("roll_minus_20", (0, 0, -20)),
    ],
)
def test_avatar_turns_its_head_as_the_user_does(name: str, turn: tuple[float, float, float]) -> None:
    assert turn_degrees(avatar_after(name).rotation) == pytest.approx(turn, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("forward", (0, 0, 0.3)),  # one unit nearer the camera, at the receiver's scale of 0.3
        ("back", (0, 0, -0.3)),
        ("up", (0, 0.15, 0)),
        ("left", (-0.15, 0, 0)),
    ],
)
def test_avatar_moves_as_the_user_does(name: str, place: tuple[float, float, float]) -> None:
    assert avatar_after(name).position == pytest.approx(place, abs=1e-6)


def test_avatar_at_rest_stands_at_the_origin() -> None:
    assert avatar_after("frontal").position == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "euler"),
    [
        ("frontal", (0, 0, 0)),
        ("yaw_plus_20", (0, 20, 0)),
        ("pitch_plus_20", (-20, 0, 0)),
        ("roll_plus_20", (0, 0, -20)),
    ],
)
def test_converted_euler_angles_are_zero_for_a_frontal_face(name: str, euler: tuple[float, float, float]) -> None:
    converted = reading(name).rotation
    assert [math.remainder(angle, 360.0) for angle in converted] == pytest.approx(euler, abs=1e-3)


def gaze_forward(name: str) -> tuple[float, float, float]:
    right, left = (rotate(gaze, (0.0, 0.0, 1.0)) for gaze in (reading(name).right_gaze, reading(name).left_gaze))
    assert right == pytest.approx(left, abs=1e-5)
    return right


def test_straight_gaze_is_no_rotation() -> None:
    assert turn_degrees(reading("frontal").right_gaze) == pytest.approx((0, 0, 0), abs=1e-3)
    assert turn_degrees(reading("frontal").left_gaze) == pytest.approx((0, 0, 0), abs=1e-3)


def test_gaze_to_the_users_right_is_to_the_avatars_right() -> None:
    angle = math.degrees(math.atan2(0.04, 0.09))
    assert turn_degrees(reading("gaze_right").right_gaze) == pytest.approx((0, angle, 0), abs=1e-3)
    assert gaze_forward("gaze_right")[0] > 0.4
    assert gaze_forward("gaze_left")[0] < -0.4


def test_looking_up_and_down_keeps_the_sign_that_receivers_know() -> None:
    # In head-fixed points up is up. The gaze quaternion, though, is built along eyeball minus pupil as far as the
    # vertical goes, so its forward axis sinks when the user looks up. Receivers of it are made for that.
    for name, rises in (("gaze_up", 1), ("gaze_down", -1)):
        pupil, eyeball = reading(name).points_3d[66], reading(name).points_3d[68]
        assert (pupil[1] - eyeball[1]) * rises == pytest.approx(0.04, abs=1e-6)
        assert gaze_forward(name)[1] * rises < -0.4


def test_only_whole_records_are_received() -> None:
    receiver = UnityReceiver()
    data = (DATA / "two_faces.bin").read_bytes()
    assert RECORD_BYTES == 1785
    assert not receiver.receive(b"")
    assert not receiver.receive(data[:-1])
    assert receiver.faces == {}
    assert receiver.receive(data)
    assert sorted(receiver.faces) == [0, 3]


def test_only_later_readings_are_fresh() -> None:
    head = HeadTarget()
    for frame in range(6):
        head.update(dataclasses.replace(reading("frontal"), time=10.0 + frame))
    turned = reading("yaw_plus_20")
    assert not head.update(dataclasses.replace(turned, time=15.0))
    assert not head.update(dataclasses.replace(turned, time=3.0))
    assert head.update(dataclasses.replace(turned, time=15.1))


def test_record_without_a_pose_is_ignored() -> None:
    head = HeadTarget()
    without = reading("no_pose")
    assert without.got_3d is False
    assert not head.update(without)
