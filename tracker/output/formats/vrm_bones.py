"""Positions of a VRM avatar's head bones, which every bone message has to repeat so that no bone is moved."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.foreign_json import ForeignJsonError, field, integer, mapping, parse_object, real, sequence
from tracker.errors import SettingsError
from tracker.rotations import IDENTITY, Quaternion, multiply

Vector = tuple[float, float, float]

NECK, HEAD, LEFT_EYE, RIGHT_EYE = "Neck", "Head", "LeftEye", "RightEye"
"""Names of Unity's HumanBodyBones."""

_VRM_NAMES = {"neck": NECK, "head": HEAD, "leftEye": LEFT_EYE, "rightEye": RIGHT_EYE}
_JSON_CHUNK = 0x4E4F534A
_MAX_JSON_BYTES = 32 << 20
_FARTHEST_M = 1000.0
"""From a bone to its parent, however large the avatar: far within what the wire's 32-bit numbers hold."""


@dataclass(frozen=True, slots=True)
class Bone:
    """A bone at rest, in Unity's axes. position: within its parent, metres. rotation: within its parent.

    parent_rotation: of the parent in the whole avatar.
    """

    position: Vector
    rotation: Quaternion = IDENTITY
    parent_rotation: Quaternion = IDENTITY


Bones = Mapping[str, Bone]

# Approximate, for an unknown avatar. Most programs ignore the positions of bones.
DEFAULT_BONES: Bones = {
    NECK: Bone((0.0, 0.11, -0.01)),
    HEAD: Bone((0.0, 0.08, 0.01)),
    LEFT_EYE: Bone((-0.02, 0.06, 0.02)),
    RIGHT_EYE: Bone((0.02, 0.06, 0.02)),
}


def read_bones(path: Path) -> Bones:
    """The bones in a VRM 0 or VRM 1 file; those the avatar lacks are omitted.

    Raises SettingsError when the file cannot be read or is no VRM avatar.
    """
    try:
        return _bones(_gltf(path))
    except OSError as error:
        raise SettingsError(f"cannot read the avatar {path} ({error.strerror or error})") from error
    except (ForeignJsonError, struct.error) as error:
        raise SettingsError(f"{path} is not a VRM avatar that can be read: {error}") from error


def _gltf(path: Path) -> dict[str, Any]:
    """The JSON of a binary glTF file."""
    with path.open("rb") as file:
        magic, _version, _length = struct.unpack("<4sII", file.read(12))
        size, kind = struct.unpack("<II", file.read(8))
        if magic != b"glTF" or kind != _JSON_CHUNK or size > _MAX_JSON_BYTES:
            raise ForeignJsonError("not a binary glTF file")
        # What people wrote into names and comments does not matter here.
        return parse_object(file.read(size), max_bytes=_MAX_JSON_BYTES, repair_text=True)


def _bones(gltf: dict[str, Any]) -> Bones:
    extensions = mapping(gltf.get("extensions", {}))
    nodes = [mapping(node) for node in sequence(field(gltf, "nodes"))]
    # VRM 0 looks along -z and is turned by reversing z, VRM 1 looks along +z and is turned by reversing x.
    if "VRMC_vrm" in extensions:
        listed = mapping(field(mapping(field(mapping(extensions["VRMC_vrm"]), "humanoid")), "humanBones"))
        named = [(name, field(mapping(bone), "node")) for name, bone in listed.items()]
        signs = (-1.0, 1.0, 1.0)
    else:
        entries = sequence(field(mapping(field(mapping(field(extensions, "VRM")), "humanoid")), "humanBones"))
        named = [(field(mapping(bone), "bone"), field(mapping(bone), "node")) for bone in entries]
        signs = (1.0, 1.0, -1.0)
    # Some exporters write -1 for bones that an avatar lacks.
    wanted = [(name, node) for name, node in named if isinstance(name, str) and name in _VRM_NAMES and node != -1]
    numbers = {name: integer(node, 0, len(nodes) - 1) for name, node in wanted}
    parents = {
        integer(child, 0, len(nodes) - 1): number
        for number, node in enumerate(nodes)
        for child in sequence(node.get("children", []))
    }

    def rotation(number: int) -> Quaternion:
        if "matrix" in nodes[number]:
            raise ForeignJsonError("its bones are given as matrices")
        x, y, z, w = _reals(nodes[number].get("rotation", list(IDENTITY)), 4, 1.1)
        if x * x + y * y + z * z + w * w < 0.5:
            raise ForeignJsonError("the rotation of a bone is not a unit quaternion")
        # Reversing an axis turns every rotation about the other two round.
        return (-x * signs[0], -y * signs[1], -z * signs[2], w)

    def in_avatar(number: int | None) -> Quaternion:
        """Of node `number` and all above it."""
        whole, seen = IDENTITY, 0
        while number is not None:
            whole = multiply(rotation(number), whole)
            number, seen = parents.get(number), seen + 1
            if seen > len(nodes):
                raise ForeignJsonError("its bones form a cycle")
        return whole

    bones = {}
    for vrm_name, name in _VRM_NAMES.items():
        if vrm_name in numbers:
            number = numbers[vrm_name]
            x, y, z = _reals(nodes[number].get("translation", [0, 0, 0]), 3, _FARTHEST_M)
            place = (x * signs[0], y * signs[1], z * signs[2])
            bones[name] = Bone(place, rotation(number), in_avatar(parents.get(number)))
    if HEAD not in bones:
        raise ForeignJsonError("it names no head bone")
    return bones


def _reals(value: object, count: int, largest: float) -> list[float]:
    """`count` numbers, none further from 0 than `largest`."""
    listed = sequence(value, count)
    if len(listed) != count:
        raise ForeignJsonError(f"{count} numbers are expected, not {len(listed)}")
    return [real(number, -largest, largest) for number in listed]
