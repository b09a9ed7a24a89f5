"""VMC Protocol: OSC bytes written by hand, and python-osc as a second reader."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import vmc
from tests.protocol.osc_reader import by_name, read_bundle
from tests.protocol.phone_readers import LIVE_LINK_NAMES


def test_a_message_byte_by_byte() -> None:
    assert vmc.blend_value("Blink_L", 1.0) == (
        b"/VMC/Ext/Blend/Val\x00\x00"  # 18 characters and two zeros
        b",sf\x00"
        b"Blink_L\x00"
        b"\x3f\x80\x00\x00"
    )
    assert vmc.blend_apply() == b"/VMC/Ext/Blend/Apply\x00\x00\x00\x00,\x00\x00\x00"  # 20 characters: four zeros
    assert vmc.availability(True) == (
        b"/VMC/Ext/OK\x00,iiii\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x01"
    )
    assert vmc.time(0.5) == b"/VMC/Ext/T\x00\x00,f\x00\x00\x3f\x00\x00\x00"


def test_a_bundle_byte_by_byte() -> None:
    assert vmc.bundles([vmc.time(0.5)]) == [
        b"#bundle\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x14/VMC/Ext/T\x00\x00,f\x00\x00\x3f\x00\x00\x00"
    ]


def test_no_message_makes_no_bundle() -> None:
    assert vmc.bundles([]) == []


def test_every_message_has_the_types_of_the_specification() -> None:
    place, turn = (1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 1.0)
    (data,) = vmc.bundles(
        [
            vmc.availability(False),
            vmc.time(2.0),
            vmc.root(place, turn),
            vmc.bone("Head", place, turn),
            vmc.head_mounted_display("facetracker", place, turn),
            vmc.eye_target(place),
            *vmc.expressions(("A",), (0.25,)),
        ]
    )
    assert read_bundle(data) == [
        ("/VMC/Ext/OK", [1, 3, 0, 0]),
        ("/VMC/Ext/T", [2.0]),
        ("/VMC/Ext/Root/Pos", ["root", *place, *turn]),
        ("/VMC/Ext/Bone/Pos", ["Head", *place, *turn]),
        ("/VMC/Ext/Hmd/Pos", ["facetracker", *place, *turn]),
        ("/VMC/Ext/Set/Eye", [1, *place]),
        ("/VMC/Ext/Blend/Val", ["A", 0.25]),
        ("/VMC/Ext/Blend/Apply", []),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.floats(0.0, 1.0, width=32)), max_size=120))
def test_any_set_of_expressions_arrives_in_bundles_of_at_most_1500_bytes(named: list[tuple[str, float]]) -> None:
    named = [(name.replace("\0", "0"), value) for name, value in named]
    bundles = vmc.bundles(vmc.expressions([name for name, _ in named], [value for _, value in named]))
    messages = [message for data in bundles for message in read_bundle(data)]
    assert max(map(len, bundles)) <= 1500
    assert messages == [*(("/VMC/Ext/Blend/Val", [name, value]) for name, value in named), ("/VMC/Ext/Blend/Apply", [])]


def test_the_52_need_two_bundles_and_are_applied_once_at_the_end() -> None:
    names = LIVE_LINK_NAMES[:52]
    bundles = vmc.bundles(vmc.expressions(names, [0.5] * 52))
    assert len(bundles) == 2
    addresses = [address for data in bundles for address, _ in read_bundle(data)]
    assert addresses.count("/VMC/Ext/Blend/Apply") == 1
    assert addresses[-1] == "/VMC/Ext/Blend/Apply"
    messages = [message for data in bundles for message in read_bundle(data)]
    assert list(by_name(messages, "/VMC/Ext/Blend/Val")) == names


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="/VMC/Ext/T is not finite"):
        vmc.time(bad)
