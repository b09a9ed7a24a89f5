"""opentrack's datagram, against bytes written by hand."""

from __future__ import annotations

import math
import struct

import pytest

from protocol import opentrack


def test_six_little_endian_doubles_in_opentracks_order() -> None:
    data = opentrack.encode(opentrack.Pose(x=1.0, y=-2.0, z=65.0, yaw=20.0, pitch=-10.0, roll=0.5))
    assert data.hex() == (
        "000000000000f03f"  # x 1
        "00000000000000c0"  # y -2
        "0000000000405040"  # z 65
        "0000000000003440"  # yaw 20
        "00000000000024c0"  # pitch -10
        "000000000000e03f"  # roll 0.5
    )
    assert struct.unpack("<6d", data) == (1.0, -2.0, 65.0, 20.0, -10.0, 0.5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_opentrack_would_ignore_is_not_sent(bad: float) -> None:
    with pytest.raises(ValueError, match="is not finite"):
        opentrack.encode(opentrack.Pose(0.0, 0.0, 0.0, bad, 0.0, 0.0))
