"""Where the bones of a VRM avatar's head lie: what a bone message must repeat so that no bone is moved."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import SettingsError
from tracker.rotations import IDENTITY, Quaternion, product

Vector = tuple[float, float, float]

NECK, HEAD, LEFT_EYE, RIGHT_EYE = "Neck", "Head", "LeftEye", "RightEye"
"""Names of Unity's HumanBodyBones."""

_VRM_NAMES = {"neck": NECK, "head": HEAD, "leftEye": LEFT_EYE, "rightEye": RIGHT_EYE}
_JSON_CHUNK = 0x4E4F534A
_MAX_JSON_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Bone:
    """A bone at rest, in Unity's axes. position: within its parent, metres. rotation: within its parent.

    parent_rotation: of the parent in the whole avatar.
    """

    position: Vector
    rotation: Quaternion = IDENTITY
    parent_rotation: Quaternion = IDENTITY


Bones = Mapping[str, Bone]

# Rough, for an avatar that is not known. Programs that take no bone's position, as most do, are not concerned.
DEFAULT_BONES: Bones = {
    NECK: Bone((0.0, 0.11, -0.01)),
    HEAD: Bone((0.0, 0.08, 0.01)),
    LEFT_EYE: Bone((-0.02, 0.06, 0.02)),
    RIGHT_EYE: Bone((0.02, 0.06, 0.02)),
}


def read_bones(path: Path) -> Bones:
    """The bones of a VRM 0 or VRM 1 file; those the avatar lacks are left out.

    Raises SettingsError when the file cannot be read or is no VRM avatar.
    """
    try:
        return _bones(_gltf(path))
    except OSError as error:
        raise SettingsError(f"cannot read the avatar {path} ({error.strerror or error})") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise SettingsError(f"{path} is no VRM avatar that can be read ({type(error).__name__}: {error})") from error


def _gltf(path: Path) -> dict[str, Any]:
    """The JSON of a binary glTF file."""
    with path.open("rb") as file:
        magic, _version, _length = struct.unpack("<4sII", file.read(12))
        size, kind = struct.unpack("<II", file.read(8))
        if magic != b"glTF" or kind != _JSON_CHUNK or size > _MAX_JSON_BYTES:
            raise ValueError("not a binary glTF file")
        body = json.loads(file.read(size))
    if not isinstance(body, dict):
        raise ValueError("its JSON is no object")
    return body


def _bones(gltf: dict[str, Any]) -> Bones:
    extensions = gltf.get("extensions", {})
    # VRM 0 looks along -z and is turned by reversing z, VRM 1 looks along +z and is turned by reversing x.
    if "VRMC_vrm" in extensions:
        listed = extensions["VRMC_vrm"]["humanoid"]["humanBones"]
        numbers = {name: bone["node"] for name, bone in listed.items()}
        signs = (-1.0, 1.0, 1.0)
    else:
        numbers = {bone["bone"]: bone["node"] for bone in extensions["VRM"]["humanoid"]["humanBones"]}
        signs = (1.0, 1.0, -1.0)
    nodes = gltf["nodes"]
    parents = {child: number for number, node in enumerate(nodes) for child in node.get("children", ())}

    def rotation(number: int) -> Quaternion:
        if "matrix" in nodes[number]:
            raise ValueError("its bones are given as matrices")
        x, y, z, w = map(float, nodes[number].get("rotation", IDENTITY))
        # Reversing an axis turns every rotation about the other two round.
        return (-x * signs[0], -y * signs[1], -z * signs[2], w)

    def in_avatar(number: int | None, depth: int = 0) -> Quaternion:
        if number is None:
            return IDENTITY
        if depth > len(nodes):
            raise ValueError("its bones form a ring")
        return product(in_avatar(parents.get(number), depth + 1), rotation(number))

    bones = {}
    for vrm_name, name in _VRM_NAMES.items():
        if vrm_name in numbers:
            number = numbers[vrm_name]
            x, y, z = map(float, nodes[number].get("translation", (0.0, 0.0, 0.0)))
            place = (x * signs[0], y * signs[1], z * signs[2])
            bones[name] = Bone(place, rotation(number), in_avatar(parents.get(number)))
    if HEAD not in bones:
        raise ValueError("it names no head bone")
    return bones
