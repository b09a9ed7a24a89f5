"""Reading where an avatar's bones lie: made-up VRM files, as exporters write them."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.errors import SettingsError
from tracker.output.formats.vrm_bones import HEAD, LEFT_EYE, NECK, Bone, read_bones
from tracker.rotations import multiply

NODES: list[dict[str, Any]] = [
    {"name": "Chest", "children": [1], "translation": [0.0, 1.2, 0.0]},
    {"name": "Neck", "children": [2], "translation": [0.0, 0.125, -0.02]},
    {"name": "Head", "children": [3], "translation": [0.0, 0.0825, 0.01]},
    {"name": "Eye", "translation": [0.0175, 0.06, -0.025]},
]


def vrm_0(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    bones = [{"bone": name, "node": node} for name, node in (("neck", 1), ("head", 2), ("leftEye", 3))]
    return {"nodes": nodes, "extensions": {"VRM": {"humanoid": {"humanBones": bones}}}}


def vrm_1(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    bones = {name: {"node": node} for name, node in (("neck", 1), ("head", 2), ("leftEye", 3))}
    return {"nodes": nodes, "extensions": {"VRMC_vrm": {"humanoid": {"humanBones": bones}}}}


def written(path: Path, gltf: object) -> Path:
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<II", len(text), 0x4E4F534A) + text
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk)
    return path


def test_vrm_0_looks_backwards_in_its_file(tmp_path: Path) -> None:
    bones = read_bones(written(tmp_path / "a.vrm", vrm_0(NODES)))
    assert bones == {
        NECK: Bone((0.0, 0.125, 0.02)),
        HEAD: Bone((0.0, 0.0825, -0.01)),
        LEFT_EYE: Bone((0.0175, 0.06, 0.025)),
    }


def test_vrm_1_looks_forwards_and_its_left_is_at_plus_x(tmp_path: Path) -> None:
    bones = read_bones(written(tmp_path / "a.vrm", vrm_1(NODES)))
    assert {name: bone.position for name, bone in bones.items()} == {
        NECK: (0.0, 0.125, -0.02),
        HEAD: (0.0, 0.0825, 0.01),
        LEFT_EYE: (-0.0175, 0.06, -0.025),
    }


def test_turned_bones_carry_their_rest(tmp_path: Path) -> None:
    half = math.sqrt(0.5)
    nodes = [dict(node) for node in NODES]
    nodes[1]["rotation"] = [half, 0.0, 0.0, half]  # about x: in a right-handed file as in Unity, x being reversed
    nodes[2]["rotation"] = [0.0, half, 0.0, half]  # about y: the other way round in Unity
    bones = read_bones(written(tmp_path / "a.vrm", vrm_1(nodes)))
    assert bones[NECK].rotation == pytest.approx((half, 0.0, 0.0, half))
    assert bones[HEAD].rotation == pytest.approx((0.0, -half, 0.0, half))
    assert bones[HEAD].parent_rotation == pytest.approx((half, 0.0, 0.0, half))
    assert bones[LEFT_EYE].parent_rotation == pytest.approx(multiply((half, 0.0, 0.0, half), (0.0, -half, 0.0, half)))


@pytest.mark.parametrize(
    ("gltf", "reason"),
    [
        ({}, "'nodes' is missing"),
        ([], "JSON but not an object"),
        ({"nodes": [], "extensions": {"VRM": {"humanoid": {"humanBones": []}}}}, "names no head bone"),
        (vrm_0(NODES[:2]), "a whole number from 0 to 1"),
        (vrm_0([{**node, "matrix": [1.0] * 16} for node in NODES]), "given as matrices"),
        (vrm_0([{**node, "children": [number]} for number, node in enumerate(NODES)]), "form a cycle"),
    ],
)
def test_what_is_no_avatar_is_told(gltf: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"is not a VRM avatar that can be read: .*{reason}"):
        read_bones(written(tmp_path / "a.vrm", gltf))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the avatar .*No such file"):
        read_bones(tmp_path / "missing.vrm")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    data=st.binary(max_size=200),
    start=st.sampled_from([b"", b"glTF\x02\0\0\0\x40\0\0\0", struct.pack("<4sIIII", b"glTF", 2, 9, 9, 0x4E4F534A)]),
)
def test_any_bytes_are_an_avatar_or_a_settings_error(data: bytes, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.vrm"
    path.write_bytes(start + data)
    with pytest.raises(SettingsError):
        read_bones(path)
