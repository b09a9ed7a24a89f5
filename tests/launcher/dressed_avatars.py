"""Writes avatars as people make them, small: toon materials, hair that swings, expressions of all kinds, limits.

A figure of boxes, one per bone, as VRM 0 or VRM 1, or as a plain glTF file with ARKit's names that stands in a T. Its
lids come down and its mouth opens far enough to be seen in a picture.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from tests.launcher.window_avatars import CUBE, TRIANGLES

# name, place above its parent, parent, half the size of its box (None: no box), material
PARTS: tuple[tuple[str, tuple[float, float, float], str | None, tuple[float, float, float] | None, int], ...] = (
    ("hips", (0, 0.9, 0), None, (0.16, 0.1, 0.1), 1),
    ("chest", (0, 0.25, 0), "hips", (0.18, 0.2, 0.1), 1),
    ("neck", (0, 0.22, 0), "chest", (0.05, 0.06, 0.05), 0),
    ("head", (0, 0.06, 0), "neck", None, 0),
    ("leftEye", (0.05, 0.12, 0.115), "head", (0.025, 0.025, 0.01), 2),
    ("rightEye", (-0.05, 0.12, 0.115), "head", (0.025, 0.025, 0.01), 2),
    ("nose", (0, 0.08, 0.13), "head", (0.012, 0.012, 0.02), 0),
    ("hair1", (0, 0.2, -0.13), "head", (0.1, 0.06, 0.02), 2),
    ("hair2", (0, -0.12, -0.02), "hair1", (0.09, 0.06, 0.02), 2),
    ("hair3", (0, -0.12, 0), "hair2", (0.08, 0.06, 0.02), 2),
    ("hairEnd", (0, -0.12, 0), "hair3", None, 2),
    ("leftUpperArm", (0.2, 0.15, 0), "chest", (0.12, 0.04, 0.04), 1),
    ("leftLowerArm", (0.25, 0, 0), "leftUpperArm", (0.12, 0.035, 0.035), 0),
    ("rightUpperArm", (-0.2, 0.15, 0), "chest", (0.12, 0.04, 0.04), 1),
    ("rightLowerArm", (-0.25, 0, 0), "rightUpperArm", (0.12, 0.035, 0.035), 0),
    ("leftHand", (0.25, 0, 0), "leftLowerArm", None, 0),
    ("rightHand", (-0.25, 0, 0), "rightLowerArm", None, 0),
    ("mask", (0, 0.1, 0.3), "head", (0.3, 0.3, 0.01), 2),
    ("twist", (0, 0.4, 0), "head", None, 0),
)
NAMES = [name for name, *_ in PARTS]
TARGETS = (
    "shutL",
    "shutR",
    "A",
    "I",
    "U",
    "E",
    "O",
    "joy",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "jawOpen",
    "mouthSmileLeft",
)
"""Of the face. Those with ARKit's names are empty: exporters write them so."""
EMPTY = TARGETS[8:]
# name, place in the head, half the size of its box, material, what moves its lower edge down and how far
MOVING: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float], int, dict[str, float]], ...] = (
    ("lidLeft", (0.05, 0.15, 0.13), (0.03, 0.004, 0.006), 0, {"shutL": 0.06, "eyeBlinkLeft": 0.06}),
    ("lidRight", (-0.05, 0.15, 0.13), (0.03, 0.004, 0.006), 0, {"shutR": 0.06, "eyeBlinkRight": 0.06}),
    ("mouth", (0, 0.04, 0.122), (0.035, 0.005, 0.006), 2, {"A": 0.05, "O": 0.03, "jawOpen": 0.05}),
)
FACE = len(PARTS)
VOWELS = {"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O"}
SKIN, CLOTH, HAIR = (0.95, 0.78, 0.68), (0.2, 0.4, 0.8), (0.3, 0.15, 0.4)


def vrm(version: int, perfect_sync: bool = False) -> bytes:
    """A dressed VRM file of that version. perfect_sync: its ARKit targets are real, and have expressions."""
    forward = 1 if version else -1
    empty = () if perfect_sync else EMPTY
    document, binary = _body(forward, empty)
    if version == 1:
        extensions = _vrm1(perfect_sync)
        for node, value in (("twist", {"roll": {"source": NAMES.index("head"), "rollAxis": "Z", "weight": 0.5}}),):
            document["nodes"][NAMES.index(node)]["extensions"] = {
                "VRMC_node_constraint": {"specVersion": "1.0", "constraint": value}
            }
    else:
        extensions = {"VRM": _vrm0(perfect_sync)}
    document["materials"] = [_material(color, version) for color in (SKIN, CLOTH, HAIR)]
    return _pack(document, binary, extensions)


def glb() -> bytes:
    """A plain glTF figure that stands in a T, with bones called as rigs call them and ARKit's shapes."""
    document, binary = _body(1, ())
    for index, name in (("leftUpperArm", "LeftArm"), ("leftLowerArm", "LeftForeArm"), ("rightUpperArm", "RightArm"),
                        ("rightLowerArm", "RightForeArm"), ("chest", "Spine2"), ("head", "Head"), ("neck", "Neck"),
                        ("leftEye", "LeftEye"), ("rightEye", "RightEye")):  # fmt: skip
        document["nodes"][NAMES.index(index)]["name"] = name
    del document["nodes"][NAMES.index("mask")]["mesh"]
    document["materials"] = [_material(color, None) for color in (SKIN, CLOTH, HAIR)]
    return _pack(document, binary, {})


def _body(forward: int, empty: Sequence[str]) -> tuple[dict[str, Any], bytes]:
    """Nodes and meshes. forward: 1 or -1 along z, with the figure's left along x."""
    nodes: list[dict[str, Any]] = []
    meshes: list[dict[str, Any]] = []
    blocks = [struct.pack(f"<{len(TRIANGLES)}H", *TRIANGLES)]
    accessors: list[dict[str, Any]] = [
        {"bufferView": 0, "componentType": 5123, "count": len(TRIANGLES), "type": "SCALAR"}
    ]

    def add(points: Sequence[tuple[float, ...]]) -> int:
        blocks.append(b"".join(struct.pack("<3f", *point) for point in points))
        low, high = ([f(axis) for axis in zip(*points, strict=True)] for f in (min, max))
        accessors.append(
            {
                "bufferView": len(blocks) - 1,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
                "min": low,
                "max": high,
            }
        )
        return len(accessors) - 1

    def box(
        size: tuple[float, ...],
        material: int,
        targets: Sequence[str] = (),
        down: Mapping[str, float] | None = None,
    ) -> int:
        """down: how far each target moves the lower edge down; None: all of the box goes up a little."""
        points = [tuple(c * s * 10 for c, s in zip(corner, size, strict=True)) for corner in CUBE]
        normals = [tuple(c * 10 / 3**0.5 for c in corner) for corner in CUBE]
        primitive: dict[str, Any] = {"attributes": {"POSITION": add(points), "NORMAL": add(normals)}, "indices": 0}
        primitive["material"] = material
        mesh: dict[str, Any] = {"primitives": [primitive]}
        if targets:
            primitive["targets"] = []
            for i, name in enumerate(targets):
                whole = 0.002 * (i + 1) if down is None else 0.0
                edge = whole if down is None else -down.get(name, 0.0)
                shifts = [0.0 if name in empty else edge if point[1] < 0 else whole for point in points]
                primitive["targets"].append({"POSITION": add([(0.0, shift, 0.0) for shift in shifts])})
            mesh["extras"] = {"targetNames": list(targets)}
        meshes.append(mesh)
        return len(meshes) - 1

    for name, (x, y, z), parent, size, material in PARTS:
        node: dict[str, Any] = {"name": name, "translation": [x * forward, y, z * forward]}
        if size is not None:
            node["mesh"] = box(size, material)
        nodes.append(node)
        if parent is not None:
            nodes[NAMES.index(parent)].setdefault("children", []).append(len(nodes) - 1)
    nodes.append({"name": "face", "translation": [0, 0.1, 0], "mesh": box((0.12, 0.13, 0.12), 0, TARGETS)})
    nodes[NAMES.index("head")]["children"].append(FACE)
    for name, (x, y, z), size, material, down in MOVING:
        nodes.append(
            {"name": name, "translation": [x * forward, y, z * forward], "mesh": box(size, material, TARGETS, down)}
        )
        nodes[NAMES.index("head")]["children"].append(len(nodes) - 1)
    views, binary = [], b""
    for block in blocks:
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(block)})
        binary += block + b"\0" * (-len(block) % 4)
    document = {
        "asset": {"version": "2.0", "generator": "facetracker's tests"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": meshes,
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    return document, binary


def _material(color: Sequence[float], version: int | None) -> dict[str, Any]:
    made: dict[str, Any] = {"name": f"m{color[0]}", "pbrMetallicRoughness": {"baseColorFactor": [*color, 1.0]}}
    made["pbrMetallicRoughness"]["metallicFactor"] = 0.0
    if version == 1:
        made["extensions"] = {
            "VRMC_materials_mtoon": {
                "specVersion": "1.0",
                "shadeColorFactor": [c * 0.5 for c in color],
                "shadingToonyFactor": 0.95,
                "outlineWidthMode": "worldCoordinates",
                "outlineWidthFactor": 0.004,
                "outlineColorFactor": [0.05, 0.02, 0.02],
                "outlineLightingMixFactor": 0.0,
            }
        }
    return made


def _vrm1(perfect_sync: bool) -> dict[str, Any]:
    def clip(target: str, **more: Any) -> dict[str, Any]:
        index = TARGETS.index(target)
        nodes = (FACE, *(FACE + 1 + i for i in range(len(MOVING))))
        return {"morphTargetBinds": [{"node": node, "index": index, "weight": 1.0} for node in nodes], **more}

    custom = {name: clip(name) for name in EMPTY} if perfect_sync else {}
    custom["Blush"] = {"materialColorBinds": [{"material": 0, "type": "color", "targetValue": [1, 0, 0, 1]}]}
    bones = [name for name in NAMES if not name.startswith("hair") and name not in ("nose", "mask", "twist")]
    return {
        "VRMC_vrm": {
            "specVersion": "1.0",
            "meta": {"name": "Dressed, of VRM 1"},
            "humanoid": {"humanBones": {name: {"node": NAMES.index(name)} for name in bones}},
            "firstPerson": {"meshAnnotations": [{"node": NAMES.index("mask"), "type": "firstPersonOnly"}]},
            "lookAt": {"type": "bone"},
            "expressions": {
                "preset": {
                    "blinkLeft": clip("shutL"),
                    "blinkRight": clip("shutR"),
                    **{vowel: clip(target) for vowel, target in VOWELS.items()},
                    "happy": clip("joy", overrideBlink="block", overrideMouth="blend"),
                },
                "custom": custom,
            },
        },
        "VRMC_springBone": {
            "specVersion": "1.0",
            "colliders": [{"node": NAMES.index("head"), "shape": {"sphere": {"offset": [0, 0.1, 0], "radius": 0.1}}}],
            "colliderGroups": [{"name": "head", "colliders": [0]}],
            "springs": [
                {
                    "name": "hair",
                    "joints": [
                        {"node": NAMES.index(name), "stiffness": 0.6, "dragForce": 0.3, "hitRadius": 0.01}
                        for name in ("hair1", "hair2", "hair3", "hairEnd")
                    ],
                    "colliderGroups": [0],
                }
            ],
        },
    }


def _vrm0(perfect_sync: bool) -> dict[str, Any]:
    def group(name: str, preset: str, target: str | None, **more: Any) -> dict[str, Any]:
        first = sum(size is not None for *_, size, _ in PARTS)  # the face's comes after all boxes
        meshes = range(first, first + 1 + len(MOVING)) if target is not None else ()
        binds = [{"mesh": mesh, "index": TARGETS.index(target or ""), "weight": 100} for mesh in meshes]
        return {"name": name, "presetName": preset, "binds": binds, "materialValues": [], **more}

    groups = [group("Blink_L", "blink_l", "shutL"), group("Blink_R", "blink_r", "shutR"), group("Joy", "joy", "joy")]
    groups += [group(target, target.lower(), target) for target in VOWELS.values()]
    blush = [{"materialName": f"m{SKIN[0]}", "propertyName": "_Color", "targetValue": [1, 0, 0, 1]}]
    groups.append(group("Blush", "unknown", None, materialValues=blush))
    if perfect_sync:
        groups += [group(name[0].upper() + name[1:], "unknown", name) for name in EMPTY]
    bones = [name for name in NAMES if not name.startswith("hair") and name not in ("nose", "mask", "twist")]
    return {
        "exporterVersion": "test",
        "specVersion": "0.0",
        "meta": {"title": "Dressed, of VRM 0"},
        "humanoid": {"humanBones": [{"bone": name, "node": NAMES.index(name)} for name in bones]},
        "firstPerson": {
            "lookAtTypeName": "Bone",
            "meshAnnotations": [{"mesh": _mesh_of("mask"), "firstPersonFlag": "FirstPersonOnly"}],
        },
        "blendShapeMaster": {"blendShapeGroups": groups},
        "secondaryAnimation": {
            "boneGroups": [
                {
                    "stiffiness": 0.6,
                    "dragForce": 0.3,
                    "bones": [NAMES.index("hair1")],
                    "colliderGroups": [0],
                    "center": -1,
                }
            ],
            "colliderGroups": [
                {"node": NAMES.index("head"), "colliders": [{"offset": {"x": 0, "y": 0.1, "z": 0}, "radius": 0.1}]}
            ],
        },
        "materialProperties": [
            {
                "name": f"m{color[0]}",
                "shader": "VRM/MToon",
                "floatProperties": {"_ShadeToony": 0.95, "_OutlineWidthMode": 1, "_OutlineWidth": 0.4, "_CullMode": 2},
                "vectorProperties": {
                    "_Color": [*color, 1],
                    "_ShadeColor": [*(c * 0.6 for c in color), 1],
                    "_OutlineColor": [0.05, 0.02, 0.02, 1],
                },
                "textureProperties": {},
            }
            for color in (SKIN, CLOTH, HAIR)
        ],
    }


def _mesh_of(name: str) -> int:
    with_boxes = [part for part, _, _, size, _ in PARTS if size is not None]
    return with_boxes.index(name)


def _pack(document: dict[str, Any], binary: bytes, extensions: Mapping[str, Any]) -> bytes:
    if extensions:
        document = {**document, "extensions": dict(extensions), "extensionsUsed": list(extensions)}
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
