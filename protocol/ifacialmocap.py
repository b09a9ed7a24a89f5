"""iFacialMocap's text over UDP: what the phone sends, and what a receiver asks it with.

One line of ASCII a frame:
``trackingStatus-1|name-37|...|hapihapi-0|=head#rx,ry,rz,px,py,pz|rightEye#rx,ry,rz|leftEye#rx,ry,rz|``. The fields
before and after the coefficients are in no description, but the phone sends them and readers count on it: one in use
drops the first field unread, another one the last. Coefficients are whole numbers from 0 to 100; readers in use drop
fractions, and a whole frame with a second ``=``. Version 2
separates name and number by ``&`` instead. Angles are in degrees and positions in metres, in ARKit's right-handed
axes as the phone's camera sees the face: x to the image's right, y up, z towards the camera. A positive rx nods
down or looks down, ry turns to the subject's left, rz tips the top of the head to the subject's right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Vector = tuple[float, float, float]

DEFAULT_PORT = 49983
"""Of both sides: a phone is asked there, and sends there on the asking machine whatever port asked."""

VERSIONS = (1, 2)
_SEPARATORS = {1: "-", 2: "&"}
_FIRST, _LAST = ("trackingStatus", 1), ("hapihapi", 0)
_ASK = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
_ASK_VERSION_2 = _ASK + b"|sendDataVersion=v2"


@dataclass(frozen=True, slots=True)
class Pose:
    """head_rotation, right_eye, left_eye: degrees about x, y, z. head_position: metres."""

    head_rotation: Vector
    head_position: Vector
    right_eye: Vector
    left_eye: Vector


def phone_name(arkit_name: str) -> str:
    """ARKit's name as iFacialMocap writes it: ``eyeBlinkLeft`` is ``eyeBlink_L``, but ``jawLeft`` stays."""
    if arkit_name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return arkit_name
    for side, suffix in (("Left", "_L"), ("Right", "_R")):
        if arkit_name.endswith(side):
            return arkit_name.removesuffix(side) + suffix
    return arkit_name


def encode(names: Sequence[str], coefficients: Iterable[float], pose: Pose, version: int = 1) -> bytes:
    """One frame. names: as the phone writes them (`phone_name`); coefficients: 0 to 1, as many.

    Raises ValueError for another number of coefficients and for a value that is not finite.
    """
    numbers = (*pose.head_rotation, *pose.head_position, *pose.right_eye, *pose.left_eye)
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"a pose to send must be finite, got {pose}")
    separator = _SEPARATORS[version]
    shapes = "|".join(
        f"{name}{separator}{round(min(max(value, 0.0), 1.0) * 100)}"
        for name, value in zip(names, coefficients, strict=True)
    )
    head, right_eye, left_eye = (
        ",".join(f"{number:.5f}" for number in part) for part in (numbers[:6], numbers[6:9], numbers[9:])
    )
    first, last = (f"{name}{separator}{value}" for name, value in (_FIRST, _LAST))
    return f"{first}|{shapes}|{last}|=head#{head}|rightEye#{right_eye}|leftEye#{left_eye}|".encode("ascii")


def asked_version(datagram: bytes) -> int | None:
    """The version that `datagram` asks a phone for; None when it asks for nothing."""
    return {_ASK: 1, _ASK_VERSION_2: 2}.get(datagram.strip())
