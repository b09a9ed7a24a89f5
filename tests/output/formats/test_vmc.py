"""What an avatar gets over VMC Protocol beside the signs, read by python-osc."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.output.people import NEUTRAL, a_person, an_output_frame
from tests.protocol.osc_reader import Message, by_name, read_bundle
from tests.protocol.phone_readers import LIVE_LINK_NAMES
from tests.protocol.unity_reader import multiply, rotate, turn_degrees
from tracker.output.formats import vrm
from tracker.output.formats.registry import ENCODERS
from tracker.output.formats.sender import Encoder
from tracker.output.formats.vmc import NECK_SHARE, VmcEncoder
from tracker.output.formats.vrm_bones import DEFAULT_BONES, HEAD, NECK, Bone
from tracker.output.subject import OutputFrame
from tracker.output.target import parse_target
from tracker.types import Expression

VRM0_PRESETS = {
    "A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun",
    "LookUp", "LookDown", "LookLeft", "LookRight",
}  # fmt: skip
VRM1_PRESETS = {
    "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy", "angry", "sad", "relaxed",
    "lookUp", "lookDown", "lookLeft", "lookRight",
}  # fmt: skip
PERFECT_SYNC = set(LIVE_LINK_NAMES[:52])

unit = st.floats(-1.0, 1.0)


def messages_of(encoder: Encoder, frame: OutputFrame) -> list[Message]:
    return [message for data in encoder.encode(frame) for message in read_bundle(data)]


def blends_of(encoder: VmcEncoder, frame: OutputFrame) -> dict[str, float]:
    return {name: value for name, (value,) in by_name(messages_of(encoder, frame), "/VMC/Ext/Blend/Val").items()}


@pytest.mark.parametrize(
    ("kind", "names"), [("vrm0", VRM0_PRESETS), ("vrm1", VRM1_PRESETS), ("perfectsync", PERFECT_SYNC)]
)
def test_an_avatar_gets_its_own_kind_of_names_and_no_other(kind: str, names: set[str]) -> None:
    assert set(blends_of(VmcEncoder(kind), an_output_frame(a_person()))) == names


@pytest.mark.parametrize("kind", ["vrm0", "vrm1", "perfectsync"])
@pytest.mark.parametrize("assistant", [False, True])
def test_bundles_are_small_and_the_last_message_applies_the_expressions(kind: str, assistant: bool) -> None:
    bundles = VmcEncoder(kind, assistant=assistant).encode(an_output_frame(a_person(yaw=10)))
    assert max(map(len, bundles)) <= 1500
    addresses = [address for data in bundles for address, _ in read_bundle(data)]
    assert addresses[:2] == ["/VMC/Ext/OK", "/VMC/Ext/T"]
    assert addresses[-1] == "/VMC/Ext/Blend/Apply"
    assert addresses.count("/VMC/Ext/Blend/Apply") == 1


def test_bones_stay_where_the_avatar_has_them() -> None:
    bones = {NECK: Bone((0.0, 0.125, 0.02)), HEAD: Bone((0.0, 0.0825, -0.01))}
    sent = by_name(
        messages_of(VmcEncoder(bones=bones), an_output_frame(a_person(yaw=30, place=(1.0, 0.5, 3.0)))),
        "/VMC/Ext/Bone/Pos",
    )
    assert {name: params[:3] for name, params in sent.items()} == {
        name: pytest.approx(bone.position, abs=1e-6) for name, bone in bones.items()
    }
    unknown = by_name(messages_of(VmcEncoder(), an_output_frame(a_person())), "/VMC/Ext/Bone/Pos")
    assert unknown["Head"][1] > 0.05  # not pulled into the neck
    assert set(unknown) == set(DEFAULT_BONES) == {"Neck", "Head", "LeftEye", "RightEye"}


def test_the_neck_makes_its_share_of_the_turn() -> None:
    sent = by_name(messages_of(VmcEncoder(), an_output_frame(a_person(yaw=20))), "/VMC/Ext/Bone/Pos")
    assert turn_degrees(tuple(sent["Neck"][3:])) == pytest.approx((0, 20 * NECK_SHARE, 0), abs=1e-3)
    assert turn_degrees(tuple(sent["Head"][3:])) == pytest.approx((0, 20 * (1 - NECK_SHARE), 0), abs=1e-3)


def test_all_of_the_turn_can_be_the_heads() -> None:
    encoder = ENCODERS["vmc"](parse_target("vmc://127.0.0.1?neck=0"))
    sent = by_name(messages_of(encoder, an_output_frame(a_person(yaw=20))), "/VMC/Ext/Bone/Pos")
    assert turn_degrees(tuple(sent["Head"][3:])) == pytest.approx((0, 20, 0), abs=1e-3)
    assert turn_degrees(tuple(sent["Neck"][3:])) == pytest.approx((0, 0, 0), abs=1e-3)


def test_an_avatar_without_a_neck_turns_its_head_alone() -> None:
    bones = {HEAD: DEFAULT_BONES[HEAD]}
    sent = by_name(messages_of(VmcEncoder(bones=bones), an_output_frame(a_person(yaw=20))), "/VMC/Ext/Bone/Pos")
    assert list(sent) == ["Head"]
    assert turn_degrees(tuple(sent["Head"][3:])) == pytest.approx((0, 20, 0), abs=1e-3)


def test_bones_turned_at_rest_end_where_straight_ones_do() -> None:
    # A head that lies in a turned neck and is turned itself: in the avatar's axes it must turn as any other.
    half = math.sqrt(0.5)
    neck, head = (half, 0.0, 0.0, half), (0.0, half, 0.0, half)
    bones = {NECK: Bone((0, 0.1, 0), neck), HEAD: Bone((0, 0.1, 0), head, parent_rotation=neck)}
    sent = by_name(
        messages_of(VmcEncoder(bones=bones), an_output_frame(a_person(yaw=20, pitch=10))), "/VMC/Ext/Bone/Pos"
    )
    straight = by_name(messages_of(VmcEncoder(), an_output_frame(a_person(yaw=20, pitch=10))), "/VMC/Ext/Bone/Pos")
    turned_world = multiply(tuple(sent["Neck"][3:]), tuple(sent["Head"][3:]))
    straight_world = multiply(tuple(straight["Neck"][3:]), tuple(straight["Head"][3:]))
    expected = multiply(straight_world, multiply(neck, head))
    for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        assert rotate(turned_world, axis) == pytest.approx(rotate(expected, axis), abs=1e-5)


def test_without_bones_expressions_alone_are_sent() -> None:
    addresses = {address for address, _ in messages_of(VmcEncoder(bones={}), an_output_frame(a_person()))}
    assert addresses == {"/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Blend/Val", "/VMC/Ext/Blend/Apply"}


def test_a_lost_face_is_told_and_nothing_is_moved() -> None:
    assert messages_of(VmcEncoder(), an_output_frame(index=30)) == [
        ("/VMC/Ext/OK", [1, 3, 0, 0]),
        ("/VMC/Ext/T", [1.0]),
    ]
    assert messages_of(VmcEncoder(), an_output_frame(a_person()))[0] == ("/VMC/Ext/OK", [1, 3, 0, 1])


def test_an_assistant_sends_a_tracker_and_a_point_to_look_at() -> None:
    face = a_person(yaw=20, place=(0.632, 0.0, 4.0), look_right=-30.0)
    messages = dict(messages_of(VmcEncoder(assistant=True), an_output_frame(face)))
    hmd = messages["/VMC/Ext/Hmd/Pos"]
    assert hmd[0] == "facetracker"
    assert hmd[1:4] == pytest.approx([-0.09, 1.5, 0.0], abs=1e-4)  # the image's right is the avatar's left, at -x
    assert turn_degrees(tuple(hmd[4:])) == pytest.approx((0, 20, 0), abs=1e-3)
    enabled, x, y, z = messages["/VMC/Ext/Set/Eye"]
    assert enabled == 1
    assert (x, y, z) == pytest.approx((-math.sin(math.radians(30)), 0.0, math.cos(math.radians(30))), abs=0.01)


@settings(deadline=None)
@given(st.builds(Expression, *[unit] * 14), st.tuples(st.floats(0, 1), st.floats(0, 1)), st.booleans())
def test_presets_are_shares_and_vowels_never_more_than_one(
    expression: Expression, openness: tuple[float, float], emotions: bool
) -> None:
    frame = an_output_frame(a_person(expression=expression, openness=openness))
    assert frame.subject is not None
    values = dict(zip(vrm.NAMES["vrm0"], vrm.values(frame.subject, "vrm0", emotions), strict=True))
    assert all(0.0 <= value <= 1.0 for value in values.values())
    assert sum(values[name] for name in "AIUEO") <= 1.0 + 1e-9
    assert values["Blink"] == 0.0  # the eyes are sent one by one
    assert emotions or not any(values[name] for name in ("Joy", "Angry", "Sorrow", "Fun"))


def test_moods_move_when_asked_to() -> None:
    smiling = dataclasses.replace(NEUTRAL, mouth_corner_updown_l=-0.8, mouth_corner_updown_r=-0.6)
    frowning = dataclasses.replace(NEUTRAL, eyebrow_updown_l=-0.5, eyebrow_updown_r=-0.5, mouth_corner_updown_l=0.5)
    encoder = VmcEncoder(emotions=True)
    assert blends_of(encoder, an_output_frame(a_person(expression=smiling)))["Joy"] == pytest.approx(0.7)
    blends = blends_of(encoder, an_output_frame(a_person(expression=frowning)))
    assert (blends["Angry"], blends["Sorrow"], blends["Joy"]) == pytest.approx((0.5, 0.25, 0.0))


def test_vowels_follow_the_mouth() -> None:
    wide_open = dataclasses.replace(NEUTRAL, mouth_open=1.0)
    blends = blends_of(VmcEncoder(), an_output_frame(a_person(expression=wide_open)))
    assert blends["A"] == 1.0
    pucker = dataclasses.replace(NEUTRAL, mouth_wide=-1.0)
    assert blends_of(VmcEncoder(), an_output_frame(a_person(expression=pucker)))["U"] == 1.0
    smile = dataclasses.replace(NEUTRAL, mouth_wide=1.0)
    assert (
        blends_of(VmcEncoder(), an_output_frame(a_person(expression=smile)))["I"] == 0.0
    )  # a closed smile says nothing


def test_a_perfect_sync_avatar_without_coefficients_is_not_given_others() -> None:
    face = dataclasses.replace(a_person(), blendshapes=None)
    with pytest.raises(ValueError, match="were not estimated"):
        VmcEncoder("perfectsync").encode(an_output_frame(face))
