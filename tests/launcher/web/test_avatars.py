"""Avatars in a real browser: the user's own files and the built-in head, driven by packed records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launcher.web.frames import pack_frame
from protocol import openseeface
from protocol.openseeface import FaceRecord
from tests.launcher import window_avatars
from tests.launcher.window_client import Visit
from tests.receiver import ROOT

DATA = ROOT / "tests" / "protocol" / "data"


def face(**change: Any) -> FaceRecord:
    """A golden record of a neutral face, with `change`."""
    (record,) = openseeface.decode((DATA / f"{change.pop('pose', 'frontal')}.bin").read_bytes())
    neutral = {"right_eye_open": 1.0, "left_eye_open": 1.0, "features": np.zeros(14, np.float32)}
    return replace(record, **{**neutral, **change})


def features(**values: float) -> np.ndarray:
    made = np.zeros(14, np.float32)
    for name, value in values.items():
        made[openseeface.FEATURE_NAMES.index(name)] = value
    return made


def load(visit: Visit, tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    visit.page.set_input_files("#avatar-file", path)
    visit.until("() => window.facetracker.avatar !== null")


SHOW = """async ({ bytes, mirrored }) => {
  const { readFrame } = await import('/static/frame.js');
  const { readExpression } = await import('/static/expression.js');
  const { THREE } = await import('/static/three.js');
  const avatar = window.facetracker.stage.avatar;
  avatar.show(readExpression(readFrame(new Uint8Array(bytes).buffer).faces[0], mirrored));
  avatar.object.updateMatrixWorld(true);
  const place = (name) => avatar.object.getObjectByName(name)?.getWorldPosition(new THREE.Vector3());
  const direction = (from, to) => place(to)?.sub(place(from)).normalize().toArray();
  const gaze = (name) => {
    const bone = avatar.object.getObjectByName(name);
    if (!bone) return null;
    const head = bone.parent.getWorldQuaternion(new THREE.Quaternion());
    const turn = head.clone().invert().multiply(bone.getWorldQuaternion(new THREE.Quaternion()));
    return new THREE.Vector3(0, 0, avatar.vrm?.version === 0 ? -1 : 1).applyQuaternion(turn).toArray();
  };
  const parts = [];
  avatar.object.traverse((each) => {
    if (each.morphTargetDictionary) parts.push(
      Object.fromEntries(
        Object.entries(each.morphTargetDictionary).map(([name, i]) => [name, each.morphTargetInfluences[i]])),
    );
  });
  if (JSON.stringify(parts[0]) !== JSON.stringify(parts.at(-1))) throw new Error("the parts of the face disagree");
  const [weights] = parts;
  return { nose: direction('head', 'nose'), left: gaze('eye_left'), right: gaze('eye_right'), weights };
}"""


def show(visit: Visit, record: FaceRecord, mirrored: bool = True) -> dict[str, Any]:
    """What the avatar looks like with `record`, sent in the page's own format."""
    shown: dict[str, Any] = visit.look(SHOW, {"bytes": list(pack_frame([record], 1, 0.0)), "mirrored": mirrored})
    return shown


def test_the_two_parts_of_the_tests_faces_are_two_meshes(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "zero.vrm", AVATARS["zero.vrm"])
    parts = (
        "() => { let count = 0; window.facetracker.avatar.object.traverse(each => { count += each.isMesh ? 1 : 0 });"
    )
    assert here.look(parts + " return count; }") == 2


def near(vector: list[float], *expected: float) -> None:
    assert vector == pytest.approx(expected, abs=1e-4)


AVATARS = {"zero.vrm": window_avatars.vrm0(), "one.vrm": window_avatars.vrm1(), "plain.glb": window_avatars.arkit()}
SINE, COSINE = np.sin(np.radians(20.0)), np.cos(np.radians(20.0))


@pytest.mark.parametrize("name", AVATARS)
def test_a_loaded_avatar_turns_like_a_mirror_image(visit: Callable[..., Visit], tmp_path: Path, name: str) -> None:
    here = visit()
    load(here, tmp_path, name, AVATARS[name])
    near(show(here, face())["nose"], 0, 0, 1)
    # The user's right is the viewer's right in a mirror, which is +x here; nodding down is -y.
    near(show(here, face(pose="yaw_plus_20"))["nose"], SINE, 0, COSINE)
    near(show(here, face(pose="yaw_minus_20"))["nose"], -SINE, 0, COSINE)
    near(show(here, face(pose="pitch_plus_20"))["nose"], 0, -SINE, COSINE)
    near(show(here, face(pose="yaw_plus_20"), mirrored=False)["nose"], -SINE, 0, COSINE)
    assert here.errors == []


@pytest.mark.parametrize("name", ["zero.vrm", "one.vrm"])
def test_vrm_expressions_are_driven(visit: Callable[..., Visit], tmp_path: Path, name: str) -> None:
    here = visit()
    load(here, tmp_path, name, AVATARS[name])
    assert here.page.text_content("#avatar-name") == f"Cubes of VRM {0 if name == 'zero.vrm' else 1}"
    # The user's right eye is the mirror image's left one.
    weights = show(here, face(right_eye_open=0.0))["weights"]
    assert (weights["shutL"], weights["shutR"]) == (1, 0)
    weights = show(here, face(right_eye_open=0.0), mirrored=False)["weights"]
    assert (weights["shutL"], weights["shutR"]) == (0, 1)
    half = show(here, face(left_eye_open=0.5, right_eye_open=0.5))["weights"]
    assert half["shutL"] == pytest.approx(0.5)
    assert half["shutR"] == (pytest.approx(0.5) if name == "zero.vrm" else 1)  # the second is a switch in ours of VRM 1
    assert show(here, face(features=features(mouth_open=0.8)))["weights"]["A"] == pytest.approx(0.8)
    wide = show(here, face(features=features(mouth_open=1.0, mouth_wide=1.0)))["weights"]
    assert (wide["A"], wide["E"]) == (0, 0.5 if name == "zero.vrm" else 1)  # ours of VRM 0 has a weight of 50 %
    narrow = show(here, face(features=features(mouth_open=1.0, mouth_wide=-1.0)))["weights"]
    assert (narrow["A"], narrow["O"], narrow["U"]) == (0, 1, 0)
    assert show(here, face(features=features(mouth_wide=-1.0)))["weights"]["U"] > 0.5


@pytest.mark.parametrize("name", ["zero.vrm", "one.vrm"])
def test_eye_bones_follow_the_look_within_the_files_own_limits(
    visit: Callable[..., Visit], tmp_path: Path, name: str
) -> None:
    here = visit()
    load(here, tmp_path, name, AVATARS[name])
    straight, left, up = (show(here, face(pose=pose)) for pose in ("frontal", "gaze_left", "gaze_up"))
    forward = -1 if name == "zero.vrm" else 1  # in the head's own axes
    for eye in ("left", "right"):
        near(straight[eye], 0, 0, forward)
        x, y, _ = left[eye]
        # Towards the user's left is the viewer's left, -x; the file allows half of what the user looks.
        assert x * forward < -0.1
        assert abs(y) < 0.02
        assert up[eye][1] > 0.05


def test_a_look_moves_blend_shapes_where_the_file_says_so(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "look.vrm", window_avatars.vrm0(look_at="BlendShape"))
    weights = show(here, face(pose="gaze_left"))["weights"]
    # The user's left is the viewer's left: the avatar's right.
    assert weights["lookR"] > 0.2
    assert weights["lookL"] == 0
    near(show(here, face(pose="gaze_left"))["left"], 0, 0, -1)


def test_arkit_names_are_driven(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "plain.glb", AVATARS["plain.glb"])
    weights = show(here, face(right_eye_open=0.0))["weights"]
    assert (weights["eyeBlinkLeft"], weights["eyeBlinkRight"]) == (1, 0)
    assert show(here, face(features=features(mouth_open=1.0)))["weights"]["jawOpen"] == pytest.approx(0.8)
    raised = show(here, face(features=features(eyebrow_updown_r=1.0)))["weights"]
    assert (raised["browOuterUpLeft"], raised["browInnerUp"]) == (1, 0.5)
    assert show(here, face(features=features(eyebrow_updown_l=-1.0)))["weights"]["browDownRight"] == 1
    smile = show(here, face(features=features(mouth_corner_updown_r=-1.0)))["weights"]  # up is negative on the wire
    assert (smile["mouthSmileLeft"], smile["mouthSmileRight"]) == (1, 0)
    assert show(here, face(features=features(mouth_wide=-1.0)))["weights"]["mouthPucker"] == 1


def test_the_built_in_head_turns_and_blinks_as_a_mirror_image(visit: Callable[..., Visit]) -> None:
    here = visit()
    look = """async (bytes) => {
      const { readFrame } = await import('/static/frame.js');
      const { readExpression } = await import('/static/expression.js');
      const head = window.facetracker.stage.avatar;
      head.show(readExpression(readFrame(new Uint8Array(bytes).buffer).faces[0], true));
      const { left, right } = head.eyes;
      return { turn: head.head.quaternion.toArray(), lids: [left.upper.rotation.x, right.upper.rotation.x],
        look: left.ball.rotation.y + left.group.rotation.y, jaw: head.skin.morphTargetInfluences[0],
        brows: [head.brows.left.position.y, head.brows.right.position.y] };
    }"""

    def shown(**change: Any) -> Any:
        return here.look(look, list(pack_frame([face(**change)], 1, 0.0)))

    rest = shown()
    assert rest["turn"] == pytest.approx([0, 0, 0, 1], abs=1e-6)
    assert shown(pose="yaw_plus_20")["turn"] == pytest.approx([0, np.sin(np.radians(10)), 0, np.cos(np.radians(10))])
    left, right = shown(right_eye_open=0.0)["lids"]
    assert left > rest["lids"][0] + 0.5  # the mirror image's left eye is the user's right one
    assert right == pytest.approx(rest["lids"][1])
    assert shown(pose="gaze_left")["look"] < rest["look"] - 0.05
    assert shown(features=features(mouth_open=1.0))["jaw"] == pytest.approx(1)
    raised = shown(features=features(eyebrow_updown_r=1.0))["brows"]
    assert raised[0] > rest["brows"][0] + 0.05
    assert raised[1] == pytest.approx(rest["brows"][1])


def test_an_avatar_is_kept_by_the_launcher_and_comes_back(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "zero.vrm", AVATARS["zero.vrm"])
    assert set(here.methods) == {"GET"}
    here.until("() => window.facetracker.view._versions.avatar !== null")
    other = visit()  # with a storage of its own
    other.until("() => window.facetracker.avatar !== null")
    assert other.page.text_content("#avatar-name") == "Cubes of VRM 0"
    here.tab("avatar")
    here.page.click("#avatar-remove")
    here.until("() => document.getElementById('avatar-name').textContent === 'Built-in head'")
    other.until("() => document.getElementById('avatar-name').textContent === 'Built-in head'")
    here.page.reload()
    here.ready()
    assert here.page.text_content("#avatar-name") == "Built-in head"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"this is no avatar", "no glTF or VRM file"),
        (json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": "https://example.com/a.bin", "byteLength": 1}],
                     "scene": 0, "scenes": [{"nodes": []}]}).encode(), "on the internet"),
        (json.dumps({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}]}).encode(),
         "nothing that can be seen"),
        (json.dumps({"asset": {"version": "2.0"}, "images": [{"uri": "skin.png"}]}).encode(), "“skin.png”"),
        (json.dumps({"asset": {"version": "2.0"}, "images": [{"uri": "https://example.com/a.png"}],
                     "buffers": [{"uri": "https://example.com/a.bin", "byteLength": 12}],
                     "bufferViews": [{"buffer": 0, "byteLength": 12}],
                     "accessors": [{"bufferView": 0, "componentType": 5126, "count": 1, "type": "VEC3"}],
                     "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}], "nodes": [{"mesh": 0}],
                     "scene": 0, "scenes": [{"nodes": [0]}]}).encode(), "on the internet"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_shown_are_explained_and_reach_nobody(
    visit: Callable[..., Visit], tmp_path: Path, data: bytes, words: str
) -> None:
    here = visit()
    answered: list[str] = []
    here.page.on("response", lambda response: answered.append(response.url))
    path = tmp_path / "strange.gltf"
    path.write_bytes(data)
    here.page.set_input_files("#avatar-file", path)
    here.until("() => document.querySelector('.notice.error')")
    assert words in here.page.inner_text(".notice.error")
    assert [url for url in answered if "example.com" in url] == []
