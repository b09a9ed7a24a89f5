"""Writes small avatars for tests: a few cubes with bones and morph targets, as VRM 0, VRM 1 and plain glTF.

Each morph target moves the face's cube by its own amount, so that a test can tell them apart.
"""

from __future__ import annotations

import json
import struct
from typing import Any

CUBE = [(x, y, z) for x in (-0.1, 0.1) for y in (-0.1, 0.1) for z in (-0.1, 0.1)]
TRIANGLES = [0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3]

VRM_TARGETS = ["shutL", "shutR", "A", "I", "U", "E", "O", "lookL", "lookR", "lookUp", "lookDown"]
ARKIT_TARGETS = [
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookOutLeft", "eyeLookInRight", "jawOpen", "browInnerUp", "browOuterUpLeft",
    "browDownRight", "mouthSmileLeft", "mouthSmileRight", "mouthPucker",
]  # fmt: skip

HIPS, NECK, HEAD, LEFT_EYE, RIGHT_EYE, NOSE, FACE = range(1, 8)


def vrm0(*, look_at: str = "Bone") -> bytes:
    """A VRM 0 file. It looks along -z, so its left is at -x. look_at: ``Bone`` or ``BlendShape``."""

    def group(preset: str, target: str, weight: float = 100) -> dict[str, Any]:
        bind = {"mesh": 0, "index": VRM_TARGETS.index(target), "weight": weight}
        return {"name": preset, "presetName": preset, "binds": [bind], "materialValues": []}

    curve = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 40, "yRange": 20 if look_at == "Bone" else 1}
    extension = {
        "exporterVersion": "test",
        "specVersion": "0.0",
        "meta": {"title": "Cubes of VRM 0"},
        "humanoid": {"humanBones": [{"bone": bone, "node": node} for bone, node in _bones().items()]},
        "firstPerson": {
            "lookAtTypeName": look_at,
            "lookAtHorizontalInner": curve,
            "lookAtHorizontalOuter": curve,
            "lookAtVerticalDown": curve,
            "lookAtVerticalUp": curve,
        },
        "blendShapeMaster": {
            "blendShapeGroups": [
                group("blink_l", "shutL"),
                group("blink_r", "shutR"),
                group("a", "A"),
                group("i", "I"),
                group("u", "U"),
                group("e", "E", weight=50),
                group("o", "O"),
                group("lookleft", "lookL"),
                group("lookright", "lookR"),
                group("lookup", "lookUp"),
                group("lookdown", "lookDown"),
            ]
        },
    }
    return _glb(_document(VRM_TARGETS, forward=-1.0, left=-1.0), {"VRM": extension})


def vrm1() -> bytes:
    """A VRM 1 file, which looks along +z. Its neck and head rest turned, as VRM 1 allows."""

    def clip(target: str, **more: Any) -> dict[str, Any]:
        return {"morphTargetBinds": [{"node": FACE, "index": VRM_TARGETS.index(target), "weight": 1.0}], **more}

    extension = {
        "specVersion": "1.0",
        "meta": {"name": "Cubes of VRM 1"},
        "humanoid": {"humanBones": {bone: {"node": node} for bone, node in _bones().items()}},
        "lookAt": {
            "type": "bone",
            "rangeMapHorizontalInner": {"inputMaxValue": 40, "outputScale": 20},
            "rangeMapHorizontalOuter": {"inputMaxValue": 40, "outputScale": 20},
            "rangeMapVerticalDown": {"inputMaxValue": 40, "outputScale": 20},
            "rangeMapVerticalUp": {"inputMaxValue": 40, "outputScale": 20},
        },
        "expressions": {
            "preset": {
                "blinkLeft": clip("shutL"),
                "blinkRight": clip("shutR", isBinary=True),
                "aa": clip("A"),
                "ih": clip("I"),
                "ou": clip("U"),
                "ee": clip("E"),
                "oh": clip("O"),
            }
        },
    }
    document = _document(VRM_TARGETS, forward=1.0, left=1.0)
    half = 0.2588190451025207, 0.9659258262890683  # sine and cosine of 15 degrees
    document["nodes"][NECK]["rotation"] = [half[0], 0.0, 0.0, half[1]]
    document["nodes"][HEAD]["rotation"] = [-half[0], 0.0, 0.0, half[1]]
    return _glb(document, {"VRMC_vrm": extension})


def arkit() -> bytes:
    """A plain glTF file whose morph targets have ARKit's names, with bones called head and neck."""
    return _glb(_document(ARKIT_TARGETS, forward=1.0, left=1.0), {})


def _bones() -> dict[str, int]:
    return {"hips": HIPS, "neck": NECK, "head": HEAD, "leftEye": LEFT_EYE, "rightEye": RIGHT_EYE}


def _document(targets: list[str], forward: float, left: float) -> dict[str, Any]:
    """Nodes and one mesh. forward: 1 or -1 along z; left: where the avatar's left is along x."""
    return {
        "asset": {"version": "2.0", "generator": "facetracker's tests"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "avatar", "children": [HIPS]},
            {"name": "hips", "translation": [0, 1.0, 0], "children": [NECK]},
            {"name": "neck", "translation": [0, 0.4, 0], "children": [HEAD]},
            {"name": "head", "translation": [0, 0.1, 0], "children": [LEFT_EYE, RIGHT_EYE, NOSE, FACE]},
            {"name": "eye_left", "translation": [0.03 * left, 0.05, 0.08 * forward]},
            {"name": "eye_right", "translation": [-0.03 * left, 0.05, 0.08 * forward]},
            {"name": "nose", "translation": [0, 0, 0.2 * forward]},
            {"name": "face", "mesh": 0, "translation": [0, 0.08, 0]},
        ],
        "meshes": [
            {
                # Two parts, as a face with two materials has: both must move.
                "primitives": [
                    {
                        "attributes": {"POSITION": 0},
                        "indices": 1,
                        "targets": [{"POSITION": 2 + i} for i in range(len(targets))],
                    }
                ]
                * 2,
                "extras": {"targetNames": targets},
            }
        ],
    }


def _glb(document: dict[str, Any], extensions: dict[str, Any]) -> bytes:
    """`document` with its one mesh's data as a binary glTF file."""
    n_targets = len(document["meshes"][0]["extras"]["targetNames"])
    blocks = [b"".join(struct.pack("<3f", *corner) for corner in CUBE), struct.pack(f"<{len(TRIANGLES)}H", *TRIANGLES)]
    blocks += [struct.pack("<3f", 0.0, 0.001 * (i + 1), 0.0) * len(CUBE) for i in range(n_targets)]
    lowest, highest = [min(axis) for axis in zip(*CUBE, strict=True)], [max(axis) for axis in zip(*CUBE, strict=True)]
    accessors: list[dict[str, Any]] = [
        {"bufferView": 0, "componentType": 5126, "count": len(CUBE), "type": "VEC3", "min": lowest, "max": highest},
        {"bufferView": 1, "componentType": 5123, "count": len(TRIANGLES), "type": "SCALAR"},
    ]
    for i in range(n_targets):
        shift = [0.0, 0.001 * (i + 1), 0.0]
        accessors.append(
            {"bufferView": 2 + i, "componentType": 5126, "count": len(CUBE), "type": "VEC3", "min": shift, "max": shift}
        )
    views, binary = [], b""
    for block in blocks:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(block)})
        binary += block + b"\0" * (-len(block) % 4)
    document |= {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}]}
    if extensions:
        document |= {"extensions": extensions, "extensionsUsed": list(extensions)}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
