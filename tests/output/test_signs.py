"""Right is right, left is left and down is down in every format, as its own reader sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tests.output import seen
from tests.output.people import NEUTRAL, a_person, an_output_frame
from tests.output.seen import Seen
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.formats.ifacialmocap import IFacialMocapEncoder
from tracker.output.formats.livelink import LiveLinkEncoder
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.formats.opentrack import OpentrackEncoder
from tracker.output.formats.registry import ENCODERS
from tracker.output.formats.sender import Encoder
from tracker.output.formats.table import FORMATS as FORMATS_TABLE
from tracker.output.formats.vmc import VmcEncoder
from tracker.types import Face

FORMATS: dict[str, tuple[Encoder, Callable[..., Seen]]] = {
    "openseeface": (OpenSeeFaceEncoder(), seen.by_openseeface),
    "vmc, VRM 0": (VmcEncoder("vrm0"), seen.by_vmc),
    "vmc, VRM 1": (VmcEncoder("vrm1"), seen.by_vmc),
    "vmc, Perfect Sync": (VmcEncoder("perfectsync"), seen.by_vmc),
    "iFacialMocap": (IFacialMocapEncoder(), seen.by_ifacialmocap),
    "Live Link Face": (LiveLinkEncoder(), seen.by_live_link),
    "opentrack": (OpentrackEncoder(), seen.by_opentrack),
    "JSON": (JsonEncoder(), seen.by_json),
}
MIRRORED: dict[str, tuple[Encoder, Callable[..., Seen]]] = {
    "vmc": (VmcEncoder(mirror=True), seen.by_vmc),
    "iFacialMocap": (IFacialMocapEncoder(mirror=True), seen.by_ifacialmocap),
    "Live Link Face": (LiveLinkEncoder(mirror=True), seen.by_live_link),
    "opentrack": (OpentrackEncoder(mirror=True), seen.by_opentrack),
}


def what(encoder: Encoder, reader: Callable[..., Seen], face: Face) -> Seen:
    datagrams = list(encoder.encode(an_output_frame(face)))
    return reader(datagrams) if reader is seen.by_vmc else reader(*datagrams)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("yaw", [20.0, -35.0])
def test_a_head_turned_to_the_subjects_right_is_so(name: str, yaw: float) -> None:
    sight = what(*FORMATS[name], a_person(yaw=yaw))
    assert (sight.yaw, sight.pitch, sight.roll) == pytest.approx((yaw, 0.0, 0.0), abs=1e-3)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("pitch", [20.0, -15.0])
def test_a_nod_down_is_so(name: str, pitch: float) -> None:
    sight = what(*FORMATS[name], a_person(pitch=pitch))
    assert (sight.yaw, sight.pitch, sight.roll) == pytest.approx((0.0, pitch, 0.0), abs=1e-3)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("roll", [15.0, -25.0])
def test_a_tilt_to_the_subjects_left_is_so(name: str, roll: float) -> None:
    sight = what(*FORMATS[name], a_person(roll=roll))
    assert (sight.yaw, sight.pitch, sight.roll) == pytest.approx((0.0, 0.0, roll), abs=1e-3)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "opentrack"])
def test_a_wink_of_the_left_eye_closes_that_one_alone(name: str) -> None:
    sight = what(*FORMATS[name], a_person(openness=(1.0, 0.0), shapes={"eyeBlinkLeft": 1.0}))
    assert (sight.left_blink, sight.right_blink) == (1.0, 0.0)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "opentrack"])
def test_an_open_mouth_is_open(name: str) -> None:
    talking = dataclasses.replace(NEUTRAL, mouth_open=0.75)
    assert what(*FORMATS[name], a_person(expression=talking, shapes={"jawOpen": 0.75})).mouth_open == 0.75
    assert what(*FORMATS[name], a_person()).mouth_open == 0.0


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("opentrack", "openseeface")])
@pytest.mark.parametrize(("right", "down"), [(-18.0, 0.0), (12.0, 0.0), (0.0, 9.0), (0.0, -9.0)])
def test_a_look_goes_where_the_subject_looks(name: str, right: float, down: float) -> None:
    sight = what(*FORMATS[name], a_person(look_right=right, look_down=down))
    assert (sight.look_right, sight.look_down) == pytest.approx((right, down), abs=0.02)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("opentrack", "openseeface")])
def test_each_eye_has_its_own_look(name: str) -> None:
    assert what(*FORMATS[name], a_person(squint=8.0)).squint == pytest.approx(8.0, abs=0.05)


@pytest.mark.parametrize("name", [name for name in MIRRORED if name != "opentrack"])
def test_eyes_that_look_apart_do_so_in_a_mirror(name: str) -> None:
    assert what(*MIRRORED[name], a_person(squint=8.0)).squint == pytest.approx(8.0, abs=0.05)


def test_a_look_to_the_left_in_openseefaces_records() -> None:
    straight, left = (what(*FORMATS["openseeface"], a_person(look_right=angle)).look_right for angle in (0.0, -18.0))
    assert left is not None and straight is not None
    assert left - straight == pytest.approx(-18.0, abs=1.5)  # records carry points, whose neutral is each receiver's


@pytest.mark.parametrize("name", MIRRORED)
def test_a_mirror_swaps_sides_and_keeps_up_and_down(name: str) -> None:
    face = a_person(
        yaw=20.0, look_right=-10.0, look_down=5.0, openness=(1.0, 0.0), shapes={"eyeBlinkLeft": 1.0, "jawOpen": 0.5},
        expression=dataclasses.replace(NEUTRAL, mouth_open=0.5),
    )  # fmt: skip
    sight = what(*MIRRORED[name], face)
    assert sight.yaw == pytest.approx(-20.0, abs=1e-3)
    if name != "opentrack":
        assert (sight.look_right, sight.look_down) == pytest.approx((10.0, 5.0), abs=0.05)
        assert (sight.right_blink, sight.left_blink, sight.mouth_open) == (1.0, 0.0, 0.5)
    nod = what(*MIRRORED[name], a_person(pitch=10.0))
    assert nod.pitch == pytest.approx(10.0, abs=1e-3)


def test_every_format_is_read_back_here_or_by_a_fake_receiver() -> None:
    here = {"osf", "vmc", "ifacialmocap", "livelink", "opentrack", "json"}
    same_text = {"ifacialmocap+listen": "ifacialmocap", "json+ws": "json"}
    by_fake_receiver = {"vts"}  # test_vts.py checks the signs of the parameters that were set
    assert set(ENCODERS) == here
    assert set(FORMATS_TABLE) == here | set(same_text) | by_fake_receiver
