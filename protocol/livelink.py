"""The datagram of Epic's Live Link Face app, version 6, as Unreal's Live Link source reads it.

Big-endian, without padding: version (u8, 6); length (i32) and text of the device's id; length and text of the
subject's name; the frame's time as whole frames (i32) and a fraction (f32); the frame rate as numerator and
denominator (i32 each); the number of values (u8, 61) and the values (f32): ARKit's 52 coefficients from
EyeBlinkLeft to TongueOut, then yaw, pitch and roll of the head, the left eye and the right eye. Without a face the
datagram ends after the frame rate.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from protocol.packing import packed

DEFAULT_PORT = 11111
VERSION = 6
DEVICE_ID_BYTES = 36
"""Readers in use skip a fixed number of bytes instead of reading the length of the device's id."""
VALUES = 61
MAX_ANGLE = 1.0

_VALUES = struct.Struct(f">B{VALUES}f")


def header(device_id: str, subject: str, seconds: float, fps: int) -> bytes:
    """A datagram without a face, or the beginning of one with.

    device_id: 36 characters, as a UUID is written. subject: the name Unreal lists. seconds: the time of day.
    """
    identity, name = device_id.encode(), subject.encode()
    if len(identity) != DEVICE_ID_BYTES:
        raise ValueError(f"a device id has {DEVICE_ID_BYTES} characters, got {device_id!r}")
    frames = seconds * fps
    if not math.isfinite(frames):
        raise ValueError("a time for Live Link Face is not finite")
    whole = math.floor(frames)
    form = struct.Struct(f">Bi{DEVICE_ID_BYTES}si{len(name)}sifii")
    values = (VERSION, len(identity), identity, len(name), name, whole, frames - whole, fps, 1)
    return packed(form, "a time for Live Link Face", *values)


def values(
    blendshapes: Sequence[float],
    head: tuple[float, float, float],
    left_eye: tuple[float, float, float],
    right_eye: tuple[float, float, float],
) -> bytes:
    """What follows the header when there is a face.

    blendshapes: 52, 0 to 1, in Live Link Face's order. The others: yaw, pitch and roll in radians, limited to -1..1;
    + turns to the subject's right, down, and tips the top of the head to the subject's left.
    Raises ValueError for another number of coefficients and for a value that is not finite.
    """
    angles = (min(max(angle, -MAX_ANGLE), MAX_ANGLE) for angle in (*head, *left_eye, *right_eye))
    everything = (*blendshapes, *angles)
    if len(everything) != VALUES:
        raise ValueError(f"Live Link Face has 52 coefficients, got {len(blendshapes)}")
    return packed(_VALUES, "a value for Live Link Face", VALUES, *everything)
