"""VMC Protocol messages: Open Sound Control (OSC) bundles that move a VRM avatar.

Written for sending alone. Strings are UTF-8, padded with zeros to a multiple of four bytes; numbers are big-endian;
types are exactly those of the specification. A bundle is at most 1500 bytes long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache

from protocol.packing import packed

PERFORMER_PORT, ASSISTANT_PORT = 39539, 39540
"""Where a program that shows an avatar listens, and one that computes motion for it."""
MAX_BUNDLE_BYTES = 1500

# "#bundle", then a time tag whose value 1 means at once.
_BUNDLE_HEADER = b"#bundle\0" + struct.pack(">Q", 1)
_LENGTH, _FLOAT = struct.Struct(">i"), struct.Struct(">f")

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


def availability(tracks: bool) -> bytes:
    """That this sender has a (calibrated) model to send, and whether tracking is good."""
    return message("/VMC/Ext/OK", 1, 3, 0, int(tracks))


def time(seconds: float) -> bytes:
    """The sender's own time, by which a receiver sees that something comes."""
    return message("/VMC/Ext/T", seconds)


def root(position: Vector, rotation: Quaternion) -> bytes:
    """The whole avatar, in Unity's axes: x right, y up, z forward, left-handed; metres; x, y, z, w."""
    return message("/VMC/Ext/Root/Pos", "root", *position, *rotation)


def bone(name: str, position: Vector, rotation: Quaternion) -> bytes:
    """A bone within its parent. name: of Unity's HumanBodyBones. position: metres, where it lies in the model."""
    return message("/VMC/Ext/Bone/Pos", name, *position, *rotation)


def blend_value(name: str, value: float) -> bytes:
    """An expression, 0 to 1. Takes effect with `blend_apply`."""
    return message("/VMC/Ext/Blend/Val", name, value)


def blend_apply() -> bytes:
    """Ends a set of expressions."""
    return message("/VMC/Ext/Blend/Apply")


def head_mounted_display(serial: str, position: Vector, rotation: Quaternion) -> bytes:
    """Where the head is, for a program that computes motion from trackers."""
    return message("/VMC/Ext/Hmd/Pos", serial, *position, *rotation)


def eye_target(position: Vector) -> bytes:
    """A point that is looked at, from the head on, metres; for a program that computes motion."""
    return message("/VMC/Ext/Set/Eye", 1, *position)


def message(address: str, *arguments: str | int | float) -> bytes:
    """An OSC message; the arguments' types decide what is sent. Raises ValueError for a number that is not finite."""
    tags = "".join(_tag(argument) for argument in arguments)
    parts = [_head(address, tags)]
    for argument in arguments:
        if isinstance(argument, str):
            parts.append(_padded(argument))
        elif isinstance(argument, int):
            parts.append(packed(_LENGTH, f"a number in {address}", argument))
        else:
            parts.append(packed(_FLOAT, f"a number in {address}", argument))
    return b"".join(parts)


def bundles(messages: Iterable[bytes]) -> list[bytes]:
    """`messages` in their order, in as few bundles as hold them."""
    sealed: list[list[bytes]] = []
    size = MAX_BUNDLE_BYTES
    for one in messages:
        if size + _LENGTH.size + len(one) > MAX_BUNDLE_BYTES:
            sealed.append([_BUNDLE_HEADER])
            size = len(_BUNDLE_HEADER)
        sealed[-1] += (_LENGTH.pack(len(one)), one)
        size += _LENGTH.size + len(one)
    return [b"".join(parts) for parts in sealed]


def expressions(names: Sequence[str], values: Iterable[float]) -> list[bytes]:
    """A set of expressions: every value, then the message that applies them."""
    return [*(blend_value(name, value) for name, value in zip(names, values, strict=True)), blend_apply()]


def _tag(argument: str | int | float) -> str:
    return "s" if isinstance(argument, str) else "i" if isinstance(argument, int) else "f"


@lru_cache(maxsize=256)
def _head(address: str, tags: str) -> bytes:
    return _padded(address) + _padded("," + tags)


@lru_cache(maxsize=256)
def _padded(text: str) -> bytes:
    data = text.encode()
    return data + b"\0" * (4 - len(data) % 4)
