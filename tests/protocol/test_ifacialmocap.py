"""iFacialMocap's text: golden frames, strict readers, and anything at all as a question."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import ifacialmocap
from protocol.ifacialmocap import Pose
from tests.protocol.phone_readers import (
    IFACIALMOCAP_NAMES,
    PhoneFrame,
    read_as_vrchat,
    read_as_vseeface,
    read_as_warudo,
    read_by_count,
    read_either_separator,
    read_version_2,
)
from tracker.topology import BLENDSHAPE_NAMES

POSE = Pose((-21.5, -6.0, -6.6), (-0.03, -0.1, -0.66), (6.0, 2.5, 0.0), (6.0, -1.7, 0.0))
NAMES = tuple(map(ifacialmocap.phone_name, BLENDSHAPE_NAMES))

angles = st.floats(-180.0, 180.0)
poses = st.builds(Pose, *(st.tuples(angles, angles, angles) for _ in range(4)))


def test_version_1_byte_by_byte() -> None:
    data = ifacialmocap.encode(("eyeBlink_L", "jawOpen", "mouthSmile_R"), (0.0, 0.374, 1.0), POSE)
    assert data == (
        b"trackingStatus-1|eyeBlink_L-0|jawOpen-37|mouthSmile_R-100|hapihapi-0"
        b"|=head#-21.50000,-6.00000,-6.60000,-0.03000,-0.10000,-0.66000"
        b"|rightEye#6.00000,2.50000,0.00000|leftEye#6.00000,-1.70000,0.00000|"
    )


def test_version_2_differs_in_the_separator_alone() -> None:
    first = ifacialmocap.encode(NAMES, [0.5] * 52, POSE)
    second = ifacialmocap.encode(NAMES, [0.5] * 52, POSE, version=2)
    assert second == first.partition(b"=")[0].replace(b"-", b"&") + b"=" + first.partition(b"=")[2]
    assert read_version_2(second).shapes == {"trackingStatus": 1, **dict.fromkeys(NAMES, 50), "hapihapi": 0}


def test_names_are_the_ones_the_phone_sends() -> None:
    assert sorted(NAMES) == sorted(IFACIALMOCAP_NAMES)


@settings(deadline=None)
@given(st.lists(st.floats(-0.5, 1.5), min_size=52, max_size=52), poses)
def test_strict_readers_take_every_frame(coefficients: list[float], pose: Pose) -> None:
    data = ifacialmocap.encode(NAMES, coefficients, pose)
    for read in (read_as_warudo, read_as_vseeface):
        frame = read(data)
        assert list(frame.shapes) == ["trackingStatus", *NAMES, "hapihapi"]
        for name, value in zip(NAMES, coefficients, strict=True):
            assert frame.shapes[name] == pytest.approx(100 * min(max(value, 0.0), 1.0), abs=0.5001)
        assert frame.head == pytest.approx((*pose.head_rotation, *pose.head_position), abs=1e-5)
        assert frame.right_eye == pytest.approx(pose.right_eye, abs=1e-5)
        assert frame.left_eye == pytest.approx(pose.left_eye, abs=1e-5)
    assert len(data) <= 1472  # one Ethernet frame


@pytest.mark.parametrize(
    ("read", "version"),
    [
        (read_as_warudo, 1),
        (read_as_vseeface, 1),
        (read_by_count, 1),
        (read_either_separator, 1),
        (read_either_separator, 2),
        (read_version_2, 2),
        (read_as_vrchat, 2),
    ],
)
def test_no_reader_loses_a_shape_or_a_pose(read: Callable[[bytes], PhoneFrame], version: int) -> None:
    wanted = {name: index for index, name in enumerate(NAMES)}
    frame = read(ifacialmocap.encode(NAMES, [value / 100 for value in wanted.values()], POSE, version))
    assert {name: frame.shapes.get(name) for name in NAMES} == wanted
    assert frame.head == (*POSE.head_rotation, *POSE.head_position)
    assert (frame.right_eye, frame.left_eye) == (POSE.right_eye, POSE.left_eye)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        ifacialmocap.encode((), (), Pose((bad, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
    with pytest.raises(ValueError):
        ifacialmocap.encode(("jawOpen",), (math.nan,), POSE)


def test_a_coefficient_too_few_is_refused() -> None:
    with pytest.raises(ValueError):
        ifacialmocap.encode(NAMES, [0.0] * 51, POSE)


@pytest.mark.parametrize(
    ("question", "version"),
    [
        (b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719", 1),
        (b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719\n", 1),
        (b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719|sendDataVersion=v2", 2),
        (b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719|sendDataVersion=v3", None),
        (b"iFacialMocap_UDPTCP_sahuasouryya9218sauhuiayeta91555dy3719", None),
        (b"iFacialMocap", None),
        (b"", None),
    ],
)
def test_questions(question: bytes, version: int | None) -> None:
    assert ifacialmocap.asked_version(question) == version


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_other_datagram_asks_for_nothing(datagram: bytes) -> None:
    assert ifacialmocap.asked_version(datagram) is None
