"""Quaternions in plain numbers: a handful a frame, for which arrays are too slow. Order x, y, z, w."""

from __future__ import annotations

import math

Quaternion = tuple[float, float, float, float]

IDENTITY: Quaternion = (0.0, 0.0, 0.0, 1.0)


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """First b's rotation, then a's (the Hamilton product)."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def inverse(q: Quaternion) -> Quaternion:
    """The way back; q must have length 1."""
    return (-q[0], -q[1], -q[2], q[3])


def scale_angle(q: Quaternion, share: float) -> Quaternion:
    """The rotation about q's axis by `share` of its angle, the short way round."""
    x, y, z, w = q if q[3] >= 0 else (-q[0], -q[1], -q[2], -q[3])
    sine = math.sqrt(x * x + y * y + z * z)
    if sine < 1e-9:
        return IDENTITY
    half = share * math.atan2(sine, w)
    scale = math.sin(half) / sine
    return (x * scale, y * scale, z * scale, math.cos(half))


def from_yaw_pitch(yaw_deg: float, pitch_deg: float) -> Quaternion:
    """Pitch about x, then yaw about y."""
    yaw, pitch = math.radians(yaw_deg) / 2, math.radians(pitch_deg) / 2
    turn = (0.0, math.sin(yaw), 0.0, math.cos(yaw))
    return product(turn, (math.sin(pitch), 0.0, 0.0, math.cos(pitch)))
