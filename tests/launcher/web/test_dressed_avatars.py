"""Avatars as people make them, in a real browser: toon looks, hair that swings, expressions, limits, models of MMD."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launcher.web.frames import ARKIT_NAMES, pack_frame
from tests.launcher import dressed_avatars, mmd_models
from tests.launcher.web.test_avatars import face, features, load, near
from tests.launcher.window_client import Visit

Image = pytest.importorskip("PIL.Image")

STATE = """async ({ bytes, extras, seconds }) => {
  const { readFrame } = await import('/static/frame.js');
  const { readExpression } = await import('/static/expression.js');
  const { THREE } = await import('/static/three.js');
  const viewport = window.facetracker.stage;
  const avatar = viewport.avatar;
  const expression = readExpression(readFrame(new Uint8Array(bytes).buffer).faces[0], true);
  avatar.show({ ...expression, extras });
  for (let i = 0; i < seconds * 60; i++) avatar.update(1 / 60);
  avatar.object.updateMatrixWorld(true);
  const place = (name) => avatar.object.getObjectByName(name)?.getWorldPosition(new THREE.Vector3()).toArray();
  const morphs = {};
  avatar.object.traverse((each) => {
    const names = Object.entries(each.morphTargetDictionary ?? {});
    for (const [name, i] of names) morphs[name] = each.morphTargetInfluences[i];
  });
  const colour = (mesh) => mesh?.material?.uniforms?.litColor?.value.toArray() ?? null;
  return {
    places: Object.fromEntries(['head', 'Head', 'nose', 'hairEnd', 'hair3', '鼻', '髪3', '左ひじ', 'LeftForeArm']
      .map((name) => [name, place(name)])),
    top: Math.max(...(avatar._mesh?.geometry.attributes.position.array.filter((_, i) => i % 3 === 1) ?? [])),
    morphs, weights: avatar.weights, skin: colour(avatar.object.getObjectByName('face')),
    twist: avatar.object.getObjectByName('twist')?.quaternion.toArray(), areas: [...(avatar._arkitAreas ?? [])],
  };
}"""


def state(
    visit: Visit,
    record: Any,
    extras: dict[str, float] | None = None,
    seconds: float = 0.0,
    coefficients: dict[str, float] | None = None,
) -> Any:
    """What the avatar looks like with `record`, its own expressions `extras`, `seconds` later."""
    known = None
    if coefficients is not None:
        levels = np.array([round(255 * coefficients.get(name, 0.0)) for name in ARKIT_NAMES], np.uint8)
        known = {record.face_id: np.stack([levels, levels])}
    data = list(pack_frame([record], 1, 0.0, known))
    return visit.look(STATE, {"bytes": data, "extras": extras or {}, "seconds": seconds})


def picture(visit: Visit) -> np.ndarray[Any, Any]:
    """(H, W, 3) of the stage as it is drawn."""
    drawn = visit.look("() => { window.facetracker.stage.draw(); return window.facetracker.stage.drawn; }")
    visit.until("(drawn) => window.facetracker.stage.draw() || window.facetracker.stage.drawn > drawn + 2", drawn)
    shot = visit.page.locator("#stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), np.int16)


@pytest.mark.parametrize("version", [0, 1])
def test_vowels_are_the_files_own_where_arkits_targets_are_empty(
    visit: Callable[..., Visit], tmp_path: Path, version: int
) -> None:
    here = visit()
    load(here, tmp_path, "figure.vrm", dressed_avatars.vrm(version))
    shown = state(here, face(features=features(mouth_open=1.0), right_eye_open=0.0))
    assert shown["areas"] == []
    assert shown["morphs"]["A"] == 1
    assert (shown["morphs"]["shutL"], shown["morphs"]["shutR"]) == (1, 0)
    assert shown["morphs"]["jawOpen"] == 0
    spoken = state(here, face(), coefficients={"jawOpen": 0.5, "mouthFunnel": 0.8})
    assert spoken["morphs"]["O"] > 0.4


def test_perfect_sync_files_are_driven_by_their_own_clips(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "sync.glb", dressed_avatars.glb())
    shown = state(here, face(), coefficients={"jawOpen": 0.5, "mouthSmileRight": 1.0})
    assert shown["morphs"]["jawOpen"] == pytest.approx(0.5, abs=0.01)
    assert shown["morphs"]["mouthSmileLeft"] == pytest.approx(1.0)  # in a mirror


@pytest.mark.parametrize("version", [0, 1])
def test_hair_swings_and_comes_to_rest_outside_the_head(
    visit: Callable[..., Visit], tmp_path: Path, version: int
) -> None:
    here = visit()
    load(here, tmp_path, "figure.vrm", dressed_avatars.vrm(version))
    still = state(here, face(), seconds=2.0)["places"]
    turned = state(here, face(pose="yaw_plus_20"), seconds=0.05)["places"]
    rested = state(here, face(pose="yaw_plus_20"), seconds=3.0)["places"]
    moved = np.array(turned["hairEnd"]) - still["hairEnd"]
    final = np.array(rested["hairEnd"]) - still["hairEnd"]
    assert np.linalg.norm(final) > 0.02
    assert np.linalg.norm(moved) < 0.8 * np.linalg.norm(final)  # it comes after
    again = state(here, face(pose="yaw_plus_20"), seconds=1.0)["places"]
    near(again["hairEnd"], *rested["hairEnd"])
    for name in ("hair3", "hairEnd"):
        centre = np.array(rested["head"]) + (0, 0.1, 0)
        assert np.linalg.norm(np.array(rested[name]) - centre) > 0.1


def test_a_node_takes_half_of_the_heads_roll(visit: Callable[..., Visit], tmp_path: Path) -> None:
    here = visit()
    load(here, tmp_path, "figure.vrm", dressed_avatars.vrm(1))
    rolled = state(here, face(pose="roll_plus_20"), seconds=1 / 60)["twist"]
    angle = np.degrees(2 * np.arctan2(abs(rolled[2]), rolled[3]))
    assert angle == pytest.approx(20 * (1 - 0.3 - 0.08) / 2, abs=0.8)  # neck and chest take their share of the turn
    assert np.abs(rolled[:2]).max() < 0.02


@pytest.mark.parametrize("version", [0, 1])
def test_expressions_are_switched_by_keys_and_hold_back_what_the_file_says(
    visit: Callable[..., Visit], tmp_path: Path, version: int
) -> None:
    here = visit()
    load(here, tmp_path, "figure.vrm", dressed_avatars.vrm(version))
    before = state(here, face())["skin"]
    blushing = state(here, face(), {"blush": 1.0})["skin"]
    near(blushing, 1, 0, 0)
    near(state(here, face())["skin"], *before)
    happy = state(here, face(right_eye_open=0.0, features=features(mouth_open=1.0)), {"happy": 1.0})["morphs"]
    assert happy["joy"] == 1
    assert (happy["shutL"], happy["A"]) == ((0, 0) if version == 1 else (1, 1))
    # A key does the same, on every page.
    here.page.keyboard.press("1")
    here.until("() => document.querySelector('#expression-buttons [aria-pressed=true]')")
    other = visit()
    other.until("() => document.querySelector('#expression-buttons [aria-pressed=true]')")


@pytest.mark.parametrize("version", [0, 1])
def test_toon_materials_have_a_lit_side_a_shade_and_an_outline(
    visit: Callable[..., Visit], tmp_path: Path, version: int
) -> None:
    here = visit(width=900, height=700)
    load(here, tmp_path, "figure.vrm", dressed_avatars.vrm(version))
    here.until("() => window.facetracker.view._versions.avatar !== null")  # nothing puts the camera back after this
    here.page.click("#panel-close")
    here.look("() => { window.facetracker.stage.frugal = false; }")
    picture(here)
    here.look("() => window.facetracker.stage.turnCamera(50, 0)")
    pixels = picture(here).reshape(-1, 3)
    brown = np.abs(pixels - (60, 35, 35)).max(axis=1) < 25  # outline, blended at this size
    lit = [242, 199, 173] if version == 0 else [249, 229, 216]
    assert (np.abs(pixels - lit).max(axis=1) < 6).sum() > 200
    assert (brown | (pixels.max(axis=1) < 50)).sum() > 20
    shade = np.array(lit) * (0.6 if version == 0 else 0.735)
    assert (np.abs(pixels - shade).max(axis=1) < 12).sum() > 40
    visible = here.look("() => window.facetracker.avatar.object.getObjectByName('mask').visible")
    assert visible is False  # it is for the first person alone


def test_a_plain_figure_lets_its_arms_hang_and_keeps_its_pupils_in_its_eyes(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    here = visit()
    load(here, tmp_path, "figure.glb", dressed_avatars.glb())
    hand, head = (np.array(state(here, face())["places"][name]) for name in ("LeftForeArm", "nose"))
    assert hand[1] < head[1] - 0.3
    assert abs(hand[0]) < 0.35
    turn = """async (bytes) => {
      const { readFrame } = await import('/static/frame.js');
      const { readExpression } = await import('/static/expression.js');
      const avatar = window.facetracker.avatar;
      const look = readExpression(readFrame(new Uint8Array(bytes).buffer).faces[0], true);
      for (const side of [look.left, look.right]) Object.assign(side, { lookX: 60, lookY: 40 });
      avatar.show(look);
      return avatar.object.getObjectByName('LeftEye').quaternion.toArray();
    }"""
    x, y, _, w = here.look(turn, list(pack_frame([face()], 1, 0.0)))
    assert np.degrees(2 * np.arccos(w)) < 13
    assert y > 0 > x


MMD = {
    "model.zip": mmd_models.zipped({"a/model.pmx": mmd_models.pmx(), "a/tex/肌.png": mmd_models.png()}),
    "old.zip": mmd_models.zipped({"model.pmd": mmd_models.pmd(), "skin.tga": mmd_models.tga()}),
}


@pytest.mark.parametrize("name", MMD)
def test_models_of_mmd_turn_blink_speak_and_their_hair_swings(
    visit: Callable[..., Visit], tmp_path: Path, name: str
) -> None:
    here = visit()
    load(here, tmp_path, name, MMD[name])
    rest = state(here, face(), seconds=2.0)
    direction = np.array(rest["places"]["鼻"]) - rest["places"]["髪3"]
    assert direction[2] > 0  # it looks at the viewer
    assert rest["places"]["左ひじ"][1] < 1.12  # from the A of the file, its arm came down
    turned = state(here, face(pose="yaw_plus_20"), seconds=0.03)
    assert turned["places"]["鼻"][0] > rest["places"]["鼻"][0] + 0.02
    late = np.array(turned["places"]["髪3"])
    final = np.array(state(here, face(pose="yaw_plus_20"), seconds=3.0)["places"]["髪3"])
    assert np.linalg.norm(late - final) > 0.01
    assert state(here, face(right_eye_open=0.0, left_eye_open=0.0))["weights"]["blink"] == 1
    wink = state(here, face(right_eye_open=0.0))["weights"]
    assert wink["blinkLeft"] == 1
    assert "blinkRight" not in wink
    assert state(here, face(features=features(mouth_open=0.8)))["weights"]["aa"] == pytest.approx(0.8)
    raised = state(here, face(features=features(eyebrow_updown_l=1.0, eyebrow_updown_r=1.0)))["weights"]
    assert raised["browUp"] == pytest.approx(1.0)
    assert state(here, face(), {"涙": 1.0})["top"] == pytest.approx(rest["top"] + 0.12, abs=1e-3)
    assert here.errors == []


FRAME_OF = """async (bytes) => {
  const { readFrame } = await import('/static/frame.js');
  const { readExpression } = await import('/static/expression.js');
  const viewport = window.facetracker.stage;
  viewport.draw = () => {};
  viewport.avatar.show(readExpression(readFrame(new Uint8Array(bytes).buffer).faces[0], true));
  for (let i = 0; i < 60; i++) viewport.avatar.update?.(1 / 60);
  viewport._renderer.render(viewport._scene, viewport._camera);
  return viewport._renderer.domElement.toDataURL();
}"""
EYES, MOUTH = (0.30, 0.45), (0.49, 0.58)
"""Where the figures have them, as shares of the height; framing puts every head at the same place."""


def drawn(visit: Visit, record: Any) -> np.ndarray[Any, Any]:
    """(H, W, 4) of the frame that `record` gives."""
    url = visit.look(FRAME_OF, list(pack_frame([record], 1, 0.0)))
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"), np.int16)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("vrm0.vrm", dressed_avatars.vrm(0)),
        ("vrm1.vrm", dressed_avatars.vrm(1)),
        ("figure.glb", dressed_avatars.glb()),
        ("model.zip", MMD["model.zip"]),
        ("old.zip", MMD["old.zip"]),
    ],
)
def test_frames_show_lids_that_close_and_a_mouth_that_opens(
    visit: Callable[..., Visit], tmp_path: Path, name: str, data: bytes
) -> None:
    here = visit(width=900, height=900)
    load(here, tmp_path, name, data)
    here.page.click("#panel-close")
    rest = drawn(here, face())

    def changed(record: Any, band: tuple[float, float]) -> np.ndarray[Any, Any]:
        """Which pixels of the face's middle `record` changes in `band`."""
        height, width = rest.shape[:2]
        half = int(height * 0.17)  # more than from eye to eye, less than the head
        part = np.s_[int(band[0] * height) : int(band[1] * height), width // 2 - half : width // 2 + half]
        return np.abs(drawn(here, record) - rest)[part].max(axis=2) > 40

    shut, open_mouth = face(right_eye_open=0.0, left_eye_open=0.0), face(features=features(mouth_open=1.0))
    assert changed(shut, EYES).mean() > 0.08 > 0.03 > changed(shut, MOUTH).mean()
    assert changed(open_mouth, MOUTH).mean() > 0.08 > 0.03 > changed(open_mouth, EYES).mean()
    left, right = np.split(changed(face(right_eye_open=0.0), EYES), 2, axis=1)
    assert right.mean() > 0.08 > 0.03 > left.mean()  # as in a mirror
    assert changed(face(pose="yaw_plus_20"), EYES).mean() > 0.08
    assert here.errors == []


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("model.pmx", mmd_models.pmx(), "“肌.png” was not given"),
        ("model.pmx", mmd_models.pmx()[:700], "damaged or only a part"),
        ("model.pmx", mmd_models.pmx(version=3.0), "PMX 3.0"),
        ("model.pmd", mmd_models.pmd()[:900], "damaged or only a part"),
        ("model.pmx", b"nothing of the kind", "no model of MMD"),
        ("model.zip", mmd_models.zipped({"readme.txt": b"hello"}), "no model among these files"),
        ("model.zip", MMD["model.zip"][:-30], "damaged or incomplete"),
        ("model.zip", mmd_models.zipped({"m.pmx": mmd_models.pmx(), "肌.png": b"no picture"}), "cannot read it"),
        ("figure.vrm", dressed_avatars.vrm(1)[:2000], "no glTF or VRM file, or only a part"),
        ("figure.vrm", b"", "the file is empty"),
    ],
)  # fmt: skip
def test_every_failure_is_one_sentence_that_names_the_fault(
    visit: Callable[..., Visit], tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    here = visit()
    path = tmp_path / name
    path.write_bytes(data)
    here.page.set_input_files("#avatar-file", path)
    here.until("() => document.querySelector('.notice.error')")
    said = here.page.inner_text(".notice.error p")
    assert words in said
    assert "\n" not in said
    assert len(said) < 250
    assert here.look("() => window.facetracker.avatar") is None
