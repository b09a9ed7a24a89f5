"""Live Link Face's datagram: bytes written by hand, and two readers."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import livelink
from tests.protocol.phone_readers import LIVE_LINK_NAMES, read_live_link, read_live_link_by_offsets
from tracker.topology import BLENDSHAPE_NAMES

DEVICE = "0F8FAD5B-D9CB-469F-A165-70867728950E"
ZERO = (0.0, 0.0, 0.0)


def test_the_header_byte_by_byte() -> None:
    data = livelink.header(DEVICE, "face", seconds=2.5 + 1 / 120, fps=60)
    assert (
        data
        == (
            b"\x06"
            b"\x00\x00\x00\x24" + DEVICE.encode() + b"\x00\x00\x00\x04face"
            b"\x00\x00\x00\x96"  # frame 150
            b"\x3f\x00\x00\x00"  # and a half
            b"\x00\x00\x00\x3c\x00\x00\x00\x01"  # 60 a second
        )
    )


def test_values_follow_big_endian_after_their_number() -> None:
    data = livelink.values([0.0] * 17 + [0.5] + [0.0] * 34, (0.25, -0.5, 0.0), ZERO, ZERO)
    assert len(data) == 1 + 61 * 4
    assert data[0] == 61
    assert data[1 + 4 * 17 : 1 + 4 * 18] == b"\x3f\x00\x00\x00"  # JawOpen is the 18th
    assert data[1 + 4 * 52 : 1 + 4 * 54] == b"\x3e\x80\x00\x00\xbf\x00\x00\x00"  # HeadYaw, HeadPitch


def test_the_order_is_unreals() -> None:
    assert [name.lower() for name in BLENDSHAPE_NAMES] == [name.lower() for name in LIVE_LINK_NAMES[:52]]


def test_a_whole_datagram_has_a_phones_size() -> None:
    data = livelink.header(DEVICE, "facetracker", 0.0, 60) + livelink.values([0.0] * 52, ZERO, ZERO, ZERO)
    assert len(data) == 317
    assert 264 <= len(data) <= 774  # what Unreal takes


@settings(deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0, width=32), min_size=52, max_size=52),
    *[st.tuples(*[st.floats(-1.0, 1.0, width=32)] * 3) for _ in range(3)],
    st.text(min_size=1, max_size=20),
    st.floats(0.0, 86399.0),
)
def test_both_readers_get_back_what_was_sent(
    shapes: list[float],
    head: tuple[float, float, float],
    left: tuple[float, float, float],
    right: tuple[float, float, float],
    subject: str,
    seconds: float,
) -> None:
    data = livelink.header(DEVICE, subject, seconds, 60) + livelink.values(shapes, head, left, right)
    frame = read_live_link(data)
    assert (frame.device, frame.subject, frame.rate) == (DEVICE, subject, (60, 1))
    assert frame.frame + frame.subframe == pytest.approx(seconds * 60)
    assert list(frame.values.values()) == [*shapes, *head, *left, *right]
    assert read_live_link_by_offsets(data) == (subject, [*shapes, *head, *left, *right])


def test_without_a_face_both_readers_find_none() -> None:
    data = livelink.header(DEVICE, "face", 0.0, 60)
    assert read_live_link(data).values == {}
    assert read_live_link_by_offsets(data) == ("face", [])


def test_angles_are_limited_as_readers_expect() -> None:
    data = livelink.values([0.0] * 52, (1.5, -2.0, 0.0), ZERO, ZERO)
    assert struct.unpack(">61f", data[1:])[52:55] == (1.0, -1.0, 0.0)


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="52 coefficients, got 51"):
        livelink.values([0.0] * 51, ZERO, ZERO, ZERO)
    with pytest.raises(ValueError, match="not finite"):
        livelink.values([math.nan] + [0.0] * 51, ZERO, ZERO, ZERO)
    with pytest.raises(ValueError, match="36 characters"):
        livelink.header("short", "face", 0.0, 60)
