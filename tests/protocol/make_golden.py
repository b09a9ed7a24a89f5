"""Writes the golden packets in data/. Run once, by hand: ``python tests/protocol/make_golden.py``.

Uses the struct module and the documented format alone, and works the pose out with its own trigonometry, so that a
packet holds neither our encoder's opinion nor our mapping's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path

Vector = tuple[float, ...]

DATA = Path(__file__).parent / "data"
RECORD = struct.Struct("<di2f2fBf4f3f3f68f136f210f14f")

# name: yaw (+ to the subject's right), pitch (+ down), roll (+ top of the head to the image's right) in degrees
POSES = {
    "frontal": (0, 0, 0),
    "yaw_plus_20": (20, 0, 0),
    "yaw_minus_20": (-20, 0, 0),
    "pitch_plus_20": (0, 20, 0),
    "pitch_minus_20": (0, -20, 0),
    "roll_plus_20": (0, 0, 20),
    "roll_minus_20": (0, 0, -20),
    "yaw_15_pitch_10_roll_5": (15, 10, 5),
    "yaw_minus_25_pitch_minus_10_roll_8": (-25, -10, 8),
}
CENTRE = (0.0, 0.0, -5.0)
# name: up, image-left, minus the distance
PLACES = {
    "forward": (0.0, 0.0, -4.0),
    "back": (0.0, 0.0, -6.0),
    "up": (0.5, 0.0, -5.0),
    "left": (0.0, -0.5, -5.0),  # the subject's left is the image's right
}
STRAIGHT = (0.0, 0.0, -0.1)
# name: pupil minus eyeball centre: + to the subject's right, + down, - out of the face
GAZES = {
    "gaze_right": (0.04, 0.0, -0.09),
    "gaze_left": (-0.04, 0.0, -0.09),
    "gaze_up": (0.0, -0.04, -0.09),
    "gaze_down": (0.0, 0.04, -0.09),
}
EYEBALLS = ((0.217, -0.299, 0.352), (-0.217, -0.299, 0.352))


def multiply(a: Vector, b: Vector) -> Vector:
    (ax, ay, az, aw), (bx, by, bz, bw) = a, b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def quaternion(yaw: float, pitch: float, roll: float) -> Vector:
    """x, y, z, w of the transposed rotation from head axes to (up, image-left, into the scene)."""
    half = [math.radians(angle) / 2 for angle in (pitch, yaw, roll)]
    about_x = (math.sin(half[0]), 0.0, 0.0, math.cos(half[0]))
    about_y = (0.0, math.sin(half[1]), 0.0, math.cos(half[1]))
    about_z = (0.0, 0.0, math.sin(half[2]), math.cos(half[2]))
    frontal = (math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0)
    x, y, z, w = multiply(frontal, multiply(about_z, multiply(about_y, about_x)))
    return (x, y, z, -w)  # conjugated, and negated so that x stays positive


def euler(yaw: float, pitch: float, roll: float) -> Vector:
    first = 180.0 + pitch
    return (first - 360.0 if first > 180.0 else first, -yaw + 0.0, 90.0 - roll)


def record(
    face_id: int = 0,
    time: float = 1_700_000_000.125,
    angles: Vector = (0, 0, 0),
    translation: Vector = CENTRE,
    gaze: Vector = STRAIGHT,
    got_3d: bool = True,
) -> bytes:
    """One record whose other fields all differ from each other, so that no two can be swapped unnoticed."""
    if got_3d:
        pose = (*quaternion(*angles), *euler(*angles), *translation)
        landmarks_3d = [(0.4 - 0.011 * i, -0.3 + 0.013 * i, 0.7 - 0.007 * i) for i in range(66)]
        pupils = [tuple(c + g for c, g in zip(eyeball, gaze, strict=True)) for eyeball in EYEBALLS]
        points_3d = [value for point in (*landmarks_3d, *pupils, *EYEBALLS) for value in point]
    else:
        pose = (0.0,) * 10
        points_3d = [0.0] * 210
    confidence = [0.5 + i / 256 for i in range(68)]
    points_2d = [value for i in range(68) for value in (200.0 + 2.5 * i, 100.0 + 1.25 * i)]
    features = [-0.7 + 0.1 * i for i in range(14)]
    return RECORD.pack(
        time, face_id, 640.0, 360.0, 0.75, 0.25, got_3d, 1.5 if got_3d else 99999.0,
        *pose, *confidence, *points_2d, *points_3d, *features,
    )  # fmt: skip


def packets() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every golden packet."""
    yield from ((name, record(angles=angles)) for name, angles in POSES.items())
    yield from ((name, record(translation=place)) for name, place in PLACES.items())
    yield from ((name, record(gaze=gaze)) for name, gaze in GAZES.items())
    yield "no_pose", record(got_3d=False)
    yield "two_faces", record(face_id=0) + record(face_id=3, angles=POSES["yaw_plus_20"])


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name, data in packets():
        (DATA / f"{name}.bin").write_bytes(data)
