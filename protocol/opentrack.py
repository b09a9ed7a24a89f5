"""opentrack's "UDP over network" datagram: the head's six degrees of freedom.

48 bytes: x, y, z, yaw, pitch, roll as little-endian doubles; centimetres and degrees. A receiver ignores NaN and
infinities. The signs are those of opentrack's own webcam tracker: x to the image's right, y up, z away from the
camera; yaw turns to the subject's right, pitch looks up, roll tips the top of the head to the subject's left.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass

from protocol.packing import packed

DEFAULT_PORT = 4242
PACKET = struct.Struct("<6d")


@dataclass(frozen=True, slots=True)
class Pose:
    """x, y, z: centimetres. yaw, pitch, roll: degrees."""

    x: float
    y: float
    z: float
    yaw: float
    pitch: float
    roll: float


def encode(pose: Pose) -> bytes:
    """The datagram. Raises ValueError for a value that is not finite."""
    return packed(PACKET, "a pose to send", *astuple(pose))
