"""Receives facetracker's records and prints them: a receiver in Python that needs nothing but Python.

Run `python receiver.py [PORT [COUNT]]` (11573; for ever), then `facetracker -c demo`.
../PROTOCOL.md explains every field, its axes and its side.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import NamedTuple

RECORD = struct.Struct("<di2f2fBf4f3f3f68f136f210f14f")  # 1785 bytes; a datagram holds one for each face


class Face(NamedTuple):
    """The parts of a record that move an avatar."""

    time: float
    face_id: int
    right_eye_open: float
    left_eye_open: float
    got_3d: bool
    quaternion: tuple[float, ...]  # x, y, z, w
    euler: tuple[float, ...]  # (180, 0, 90) for a face that looks into the camera
    translation: tuple[float, ...]  # up, image-left, minus the distance
    features: tuple[float, ...]  # eyes, brows, mouth: 14 values of about -1 to 1


def decode(datagram: bytes) -> list[Face]:
    """The faces in a datagram. Raises ValueError for one that is not facetracker's."""
    if not datagram or len(datagram) % RECORD.size:
        raise ValueError(f"{len(datagram)} bytes are no records")
    return [
        Face(
            time=values[0],
            face_id=values[1],
            right_eye_open=values[4],
            left_eye_open=values[5],
            got_3d=values[6] != 0,
            quaternion=values[8:12],
            euler=values[12:15],
            translation=values[15:18],
            features=values[-14:],
        )
        for values in RECORD.iter_unpack(datagram)
    ]


def main(port: int = 11573, count: int | None = None) -> None:
    """Print what arrives, `count` datagrams of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", port))
        print(f"listening on port {port}", flush=True)
        while count is None or count > 0:
            datagram, _ = receiver.recvfrom(65535)
            for face in decode(datagram):
                numbers = (*face.euler, face.right_eye_open, face.left_eye_open, face.features[12])
                print(face.face_id, int(face.got_3d), *(f"{number:.4f}" for number in numbers), flush=True)
            count = None if count is None else count - 1


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
