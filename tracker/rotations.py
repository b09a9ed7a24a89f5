"""Conversions between quaternions, rotation matrices and Euler angles.

Quaternions are x, y, z, w. Euler angles are pitch, yaw, roll in degrees with rotation = Rz(roll) Ry(yaw) Rx(pitch).
A frame takes a handful of these, for which plain numbers are several times faster than NumPy calls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Quaternion = tuple[float, float, float, float]
Array = npt.NDArray[np.floating]

IDENTITY: Quaternion = (0.0, 0.0, 0.0, 1.0)


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """The Hamilton product: b's rotation, then a's."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def inverse(q: Quaternion) -> Quaternion:
    """The inverse of a unit quaternion."""
    return (-q[0], -q[1], -q[2], q[3])


def scale_angle(q: Quaternion, factor: float) -> Quaternion:
    """The rotation about q's axis by `factor` times its angle, along the shorter arc."""
    x, y, z, w = q if q[3] >= 0 else (-q[0], -q[1], -q[2], -q[3])
    sine = math.sqrt(x * x + y * y + z * z)
    if sine < 1e-9:
        return IDENTITY
    half = factor * math.atan2(sine, w)
    scale = math.sin(half) / sine
    return (x * scale, y * scale, z * scale, math.cos(half))


def mean_quaternion(quaternions: Sequence[Array]) -> npt.NDArray[np.float64]:
    """(4,) the mean of at least one unit quaternion (4,); all within a few degrees of each other."""
    stacked = np.array(quaternions, np.float64)
    stacked[stacked @ stacked[0] < 0] *= -1.0  # q and -q are the same rotation
    total = stacked.sum(axis=0)
    mean: npt.NDArray[np.float64] = total / np.linalg.norm(total)
    return mean


def quaternion_from_yaw_pitch(yaw_deg: float, pitch_deg: float) -> Quaternion:
    """Pitch about x, then yaw about y."""
    yaw, pitch = math.radians(yaw_deg) / 2, math.radians(pitch_deg) / 2
    about_y = (0.0, math.sin(yaw), 0.0, math.cos(yaw))
    return multiply(about_y, (math.sin(pitch), 0.0, 0.0, math.cos(pitch)))


def quaternion_from_matrix(rotation: Array) -> npt.NDArray[np.float64]:
    """(4,) with w >= 0, of a proper (3, 3) rotation."""
    m: list[list[float]] = rotation.tolist()
    # Shepperd 1978: of four equivalent forms use the one without a small divisor.
    squares = m[0][0], m[1][1], m[2][2], m[0][0] + m[1][1] + m[2][2]
    k = squares.index(max(squares))
    if k == 3:
        q = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1], 1 + squares[3]]
    else:
        i, j = (k + 1) % 3, (k + 2) % 3
        q = [0.0] * 4
        q[k] = 1 - squares[3] + 2 * m[k][k]
        q[i], q[j] = m[i][k] + m[k][i], m[j][k] + m[k][j]
        q[3] = m[j][i] - m[i][j]
    length = math.copysign(math.hypot(*q), q[3])
    return np.array(q) / length


def matrix_from_quaternion(quaternion: Array) -> npt.NDArray[np.float64]:
    """(3, 3) of a unit quaternion (4,)."""
    return rotated_axes(*quaternion.tolist())


def rotated_axes(x: float, y: float, z: float, w: float) -> npt.NDArray[np.float64]:
    """(3, 3) the rotation matrix of a unit quaternion."""
    return np.array(
        (
            (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
            (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
            (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
        )
    )


def matrix_from_euler(pitch_deg: float, yaw_deg: float, roll_deg: float) -> npt.NDArray[np.float64]:
    """(3, 3) of Euler angles."""
    pitch, yaw, roll = math.radians(pitch_deg), math.radians(yaw_deg), math.radians(roll_deg)
    (cp, cy, cr), (sp, sy, sr) = map(math.cos, (pitch, yaw, roll)), map(math.sin, (pitch, yaw, roll))
    return np.array(
        [
            [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
            [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
            [-sy, cy * sp, cy * cp],
        ]
    )


def quaternion_from_euler(pitch_deg: float, yaw_deg: float, roll_deg: float) -> Quaternion:
    """Of Euler angles from -180 to 180 degrees whose yaw is from -90 to 90; w >= 0."""
    pitch, yaw, roll = math.radians(pitch_deg) / 2, math.radians(yaw_deg) / 2, math.radians(roll_deg) / 2
    (cp, cy, cr), (sp, sy, sr) = map(math.cos, (pitch, yaw, roll)), map(math.sin, (pitch, yaw, roll))
    x, y = cr * cy * sp - sr * sy * cp, cr * sy * cp + sr * cy * sp
    z, w = sr * cy * cp - cr * sy * sp, cr * cy * cp + sr * sy * sp
    return (x, y, z, w) if w >= 0 else (-x, -y, -z, -w)


def euler_from_matrix(rotation: Array) -> tuple[float, float, float]:
    """Euler angles of a proper (3, 3) rotation."""
    (r00, _, _), (r10, _, _), (r20, r21, r22) = rotation.tolist()
    pitch, yaw, roll = math.atan2(r21, r22), math.atan2(-r20, math.hypot(r21, r22)), math.atan2(r10, r00)
    return math.degrees(pitch), math.degrees(yaw), math.degrees(roll)
