"""A second reader of the records, as the Unity components of OpenSeeFace read them.

Written from what those receivers do and independent of our code: struct and math alone. Unity's axes are x right,
y up, z forward (left-handed); a positive turn about y goes to the right, about x down, about z counter-clockwise
as seen from behind the avatar.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

RECORD_BYTES = 8 + 4 + 2 * 4 + 2 * 4 + 1 + 4 + 4 * 4 + 3 * 4 + 3 * 4 + 4 * 68 + 4 * 2 * 68 + 4 * 3 * 70 + 4 * 14
TRANSLATION_SCALE = 0.3
MAX_FIT_ERROR = 100.0
SKIPPED_FRAMES = 5


@dataclass
class Reading:
    """One record after Unity's conversion."""

    time: float
    face_id: int
    right_eye_open: float
    left_eye_open: float
    got_3d: bool
    fit_error: float
    raw_quaternion: Quaternion
    raw_euler: Vector  # y negated
    rotation: Vector  # degrees
    raw_translation: Vector
    confidence: list[float]
    points: list[tuple[float, float]]
    points_3d: list[Vector]  # y negated: up
    right_gaze: Quaternion
    left_gaze: Quaternion
    features: list[float]


class UnityReceiver:
    """Keeps the latest reading of every face; takes only whole records."""

    def __init__(self) -> None:
        self.faces: dict[int, Reading] = {}

    def receive(self, data: bytes) -> bool:
        """Take one datagram. False when its length says that it is no OpenSeeFace packet."""
        if len(data) < 1 or len(data) % RECORD_BYTES != 0:
            return False
        for offset in range(0, len(data), RECORD_BYTES):
            reading = read(data, offset)
            self.faces[reading.face_id] = reading
        return True


class HeadTarget:
    """Moves an avatar's head: zero pose from the sixth good frame on, stale and bad frames ignored."""

    def __init__(self) -> None:
        self._last_time = 0.0
        self._frames = 0
        self._zero: Reading | None = None
        self.rotation: Quaternion = (0.0, 0.0, 0.0, 1.0)
        self.position: Vector = (0.0, 0.0, 0.0)

    def update(self, reading: Reading) -> bool:
        """Follow `reading`. False when it was ignored."""
        if reading.time <= self._last_time or reading.fit_error > MAX_FIT_ERROR:
            return False
        self._last_time = reading.time
        self._frames += 1
        if self._frames <= SKIPPED_FRAMES:
            return False
        if self._zero is None:
            self._zero = reading
        zero = _unity_rotation(self._zero.raw_quaternion)
        self.rotation = multiply(_unity_rotation(reading.raw_quaternion), inverse(zero))
        now, then = reading.raw_translation, self._zero.raw_translation
        up, left, nearer = ((now[axis] - then[axis]) * TRANSLATION_SCALE for axis in range(3))
        self.position = (left, up, nearer)
        return True


def read(data: bytes, offset: int = 0) -> Reading:
    """The record at `offset`."""
    time, face_id, _width, _height, right_open, left_open = struct.unpack_from("<di4f", data, offset)
    got_3d = data[offset + 28] != 0
    values = list(struct.unpack_from(f"<{(RECORD_BYTES - 29) // 4}f", data, offset + 29))

    def take(count: int) -> list[float]:
        taken = values[:count]
        del values[:count]
        return taken

    def vector3() -> Vector:
        x, y, z = take(3)
        return (x, -y, z)

    (fit_error,) = take(1)
    qx, qy, qz, qw = take(4)
    euler = vector3()
    t0, t1, t2 = take(3)
    confidence = take(68)
    flat_points = take(136)
    points_3d = [vector3() for _ in range(70)]
    features = take(14)
    return Reading(
        time=time,
        face_id=face_id,
        right_eye_open=right_open,
        left_eye_open=left_open,
        got_3d=got_3d,
        fit_error=fit_error,
        raw_quaternion=(qx, qy, qz, qw),
        raw_euler=euler,
        rotation=(math.fmod(-(euler[0] + 180.0), 360.0), euler[1], math.fmod(euler[2] - 90.0, 360.0)),
        raw_translation=(t0, t1, t2),
        confidence=confidence,
        points=list(zip(flat_points[::2], flat_points[1::2], strict=True)),
        points_3d=points_3d,
        right_gaze=_gaze(points_3d[66], points_3d[68]),
        left_gaze=_gaze(points_3d[67], points_3d[69]),
        features=features,
    )


def _unity_rotation(raw: Quaternion) -> Quaternion:
    x, y, z, w = raw
    return (-y, -x, z, w)


def _gaze(pupil: Vector, eyeball: Vector) -> Quaternion:
    """Look along pupil minus eyeball with x negated, then half a turn about the local x and about the local z axis."""
    direction = (-(pupil[0] - eyeball[0]), pupil[1] - eyeball[1], pupil[2] - eyeball[2])
    return multiply(multiply(look_rotation(direction), (1.0, 0.0, 0.0, 0.0)), (0.0, 0.0, 1.0, 0.0))


def look_rotation(forward: Vector) -> Quaternion:
    """The turn of z into `forward` that keeps the y axis as near to up as possible: first about x, then about y."""
    x, y, z = forward
    turn = math.atan2(x, z) / 2
    tilt = -math.atan2(y, math.hypot(x, z)) / 2
    return multiply((0.0, math.sin(turn), 0.0, math.cos(turn)), (math.sin(tilt), 0.0, 0.0, math.cos(tilt)))


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + bw * ax + ay * bz - az * by,
        aw * by + bw * ay + az * bx - ax * bz,
        aw * bz + bw * az + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def inverse(q: Quaternion) -> Quaternion:
    return (-q[0], -q[1], -q[2], q[3])


def rotate(q: Quaternion, vector: Vector) -> Vector:
    x, y, z, _ = multiply(multiply(q, (*vector, 0.0)), inverse(q))
    return (x, y, z)


def turn_degrees(q: Quaternion) -> Vector:
    """Axis times angle in degrees, the short way round."""
    x, y, z, w = q
    sine = math.copysign(math.sqrt(x * x + y * y + z * z), w)
    if sine == 0.0:
        return (0.0, 0.0, 0.0)
    scale = math.degrees(2 * math.atan2(abs(sine), abs(w))) / sine
    return (scale * x, scale * y, scale * z)
