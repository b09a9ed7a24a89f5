"""Targets together: built from what the user wrote, sent to at once, and none in the way of another."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from protocol import openseeface
from tests.output import seen
from tests.output.people import NEUTRAL, a_person, after
from tests.output.results import a_frame, a_result
from tests.protocol.osc_reader import read_bundle
from tests.protocol.phone_readers import read_live_link
from tracker.errors import SettingsError
from tracker.output.formats import registry
from tracker.output.formats.openseeface import OpenSeeFaceEncoder
from tracker.output.formats.registry import make_senders
from tracker.output.network import NetworkSink
from tracker.output.target import Target, parse_target
from tracker.types import Face

ONE_PERSON = ["vmc://{}?expressions=perfectsync", "ifacialmocap://{}", "livelink://{}", "opentrack://{}"]


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Five receivers."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(5)]
        for listening in opened:
            listening.bind(("127.0.0.1", 0))
            listening.settimeout(5.0)
        yield opened


def place(listening: socket.socket) -> str:
    return f"127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def sending(*targets: str, face_id_offset: int = 0) -> Iterator[NetworkSink]:
    sink = NetworkSink(make_senders([parse_target(text) for text in targets]), face_id_offset)
    try:
        yield sink
    finally:
        sink.close()


def waiting(listening: socket.socket) -> list[bytes]:
    """What has come; loopback delivers before `sendto` returns."""
    listening.settimeout(0.0)
    datagrams = []
    try:
        while True:
            datagrams.append(listening.recv(65535))
    except BlockingIOError:
        return datagrams


def test_five_receivers_of_four_formats_see_the_same_person(sockets: list[socket.socket]) -> None:
    first, second, avatar, phone, script = map(place, sockets)
    talking = dataclasses.replace(NEUTRAL, mouth_open=0.75)
    face = a_person(20.0, 10.0, -5.0, openness=(1.0, 0.0), expression=talking, look_right=-15.0,
                    shapes={"eyeBlinkLeft": 1.0, "jawOpen": 0.75})  # fmt: skip
    with sending(first, second, f"vmc://{avatar}", f"ifacialmocap://{phone}", f"json://{script}") as sink:
        sink.write(a_frame(), a_result(face))
        records = [listening.recv(65535) for listening in sockets[:2]]
        sights = [
            *map(seen.by_openseeface, records),
            seen.by_vmc([sockets[2].recv(65535)]),
            seen.by_ifacialmocap(sockets[3].recv(65535)),
            seen.by_json(sockets[4].recv(65535)),
        ]
    assert records[0] == records[1]
    turn = (sights[0].yaw, sights[0].pitch, sights[0].roll)  # axis times angle
    assert turn[0] > 15 and turn[1] > 5 and turn[2] < -3
    assert (sights[2].yaw, sights[2].pitch, sights[2].roll) == pytest.approx(turn, abs=1e-3)
    for sight in sights[3:]:  # three turns, one after another
        assert (sight.yaw, sight.pitch, sight.roll) == pytest.approx((20.0, 10.0, -5.0), abs=1e-3)
    for sight in sights:
        assert (sight.right_blink, sight.left_blink, sight.mouth_open) == (0.0, 1.0, 0.75)
        assert sight.look_right is not None
        assert sight.look_right < -10


def test_a_receiver_gets_all_datagrams_of_a_run_from_one_port(sockets: list[socket.socket]) -> None:
    with sending(place(sockets[0]), f"vmc://{place(sockets[1])}", f"json://{place(sockets[2])}") as sink:
        for index in range(2):
            sink.write(a_frame(index), a_result(a_person(), index=index))
        ports = [{listening.recvfrom(65535)[1] for _ in range(2)} for listening in sockets[:3]]
    assert [len(each) for each in ports] == [1, 1, 1]


def test_a_frame_without_a_face(sockets: list[socket.socket]) -> None:
    targets = [scheme.format(place(listening)) for scheme, listening in zip(ONE_PERSON, sockets, strict=False)]
    with sending(*targets, f"json://{place(sockets[4])}") as sink:
        sink.write(a_frame(), a_result())
    avatar, phone, unreal, game, script = map(waiting, sockets)
    assert [address for data in avatar for address, _ in read_bundle(data)] == ["/VMC/Ext/OK", "/VMC/Ext/T"]
    assert phone == []
    assert [read_live_link(data).values for data in unreal] == [{}]
    assert game == []
    assert [b'"faces":[]' in data for data in script] == [True]


def test_a_frame_without_a_pose_holds_the_last(sockets: list[socket.socket]) -> None:
    lost: Face = dataclasses.replace(
        a_person(openness=(0.0, 0.0), shapes={"eyeBlinkLeft": 1.0}), pose=None, points_3d=None
    )
    with sending(f"ifacialmocap://{place(sockets[0])}", f"opentrack://{place(sockets[1])}") as sink:
        sink.write(a_frame(), a_result(lost))  # nothing is known yet
        sink.write(a_frame(1), a_result(a_person(yaw=20.0), index=1))
        sink.write(a_frame(2), a_result(lost, index=2))
    texts = [seen.by_ifacialmocap(data) for data in waiting(sockets[0])]
    assert [(sight.yaw, sight.left_blink) for sight in texts] == [(20.0, 0.0), (20.0, 1.0)]
    assert len(waiting(sockets[1])) == 2


def test_opentrack_gets_centimetres_to_the_right_up_and_away(sockets: list[socket.socket]) -> None:
    with sending(f"opentrack://{place(sockets[0])}") as sink:
        sink.write(a_frame(), a_result(a_person(place=(0.632, 0.316, 4.0))))
    assert struct.unpack("<6d", sockets[0].recv(100))[:3] == pytest.approx((9.0, -4.5, 4.0 / 0.632 * 9))


def test_without_gaze_tracking_no_look_is_told(sockets: list[socket.socket]) -> None:
    targets = [f"json://{place(sockets[0])}", f"ifacialmocap://{place(sockets[1])}"]
    sink = NetworkSink(make_senders([parse_target(text) for text in targets]))
    sink.write(a_frame(), a_result(dataclasses.replace(a_person(look_right=10.0), gaze=None)))
    sink.close()
    eyes = json.loads(sockets[0].recv(65535))["faces"][0]["eyes"]
    assert eyes == {"right": {"open": 1.0}, "left": {"open": 1.0}}
    assert seen.by_ifacialmocap(sockets[1].recv(65535)).look_right == 0.0


def test_ids_are_offset_where_ids_are_sent(sockets: list[socket.socket]) -> None:
    with sending(place(sockets[0]), f"json://{place(sockets[1])}", face_id_offset=7) as sink:
        sink.write(a_frame(), a_result(a_person(), a_person(face_id=3)))
    assert [record.face_id for record in openseeface.decode(sockets[0].recv(65535))] == [7, 10]
    assert sockets[1].recv(65535).count(b'"id":7') == 1


def test_each_target_has_its_own_rate(sockets: list[socket.socket]) -> None:
    all_, ten, also_ten = map(place, sockets[:3])
    with sending(all_, f"osf://{ten}?fps=10", f"opentrack://{also_ten}?fps=10") as sink:
        for index in range(30):  # one second
            sink.write(a_frame(index), a_result(a_person(), index=index))
    counts = [len(waiting(listening)) for listening in sockets[:3]]
    assert counts == [30, 10, 10]


def test_what_is_the_same_is_encoded_once(sockets: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []

    class Counting(OpenSeeFaceEncoder):
        def encode(self, frame):  # type: ignore[no-untyped-def]
            encoded.append(frame)
            return super().encode(frame)

    monkeypatch.setitem(registry.ENCODERS, "osf", lambda target: Counting())
    with sending(place(sockets[0]), place(sockets[1])) as sink:
        sink.write(a_frame(), a_result(a_person()))
    assert len(encoded) == 1
    assert waiting(sockets[0]) == waiting(sockets[1]) != []


def test_an_unknown_host_delays_nobody(sockets: list[socket.socket]) -> None:
    started = time.monotonic()
    with sending("vmc://no.such.host.invalid", f"json://{place(sockets[0])}") as sink:
        for index in range(30):
            sink.write(a_frame(index), a_result(a_person(), index=index))
    assert time.monotonic() - started < 5 * 0.5
    assert len(waiting(sockets[0])) == 30


@pytest.mark.parametrize("scheme", ["vmc://{}", *ONE_PERSON, "json://{}"])
def test_a_value_that_is_not_finite_costs_the_frame_and_is_told_once(
    scheme: str, sockets: list[socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    broken = a_person()
    pose = broken.pose
    assert pose is not None
    nan = np.full(3, np.nan)
    broken = dataclasses.replace(
        broken,
        pose=dataclasses.replace(pose, euler_deg=nan, translation=nan.copy(), quaternion_xyzw=np.full(4, np.nan)),
        blendshapes=np.full(52, np.nan, np.float32),
        expression=dataclasses.replace(NEUTRAL, mouth_open=math.nan),
    )
    with sending(scheme.format(place(sockets[0]))) as sink:
        for index in range(2):
            sink.write(a_frame(index), a_result(broken, index=index))
        assert waiting(sockets[0]) == []
        sink.write(a_frame(2), after(a_result(a_person(), index=2), 1.0))
        assert waiting(sockets[0])
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("a frame was not sent to ")


def test_a_model_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the avatar") as refused:
        make_senders([parse_target(f"vmc://127.0.0.1?model={tmp_path}/missing.vrm")])
    assert refused.value.exit_code == 2


def test_every_format_of_the_table_can_be_built() -> None:
    from tracker.output.formats.table import FORMATS

    assert set(registry.ENCODERS) | set(registry.SENDERS) == set(FORMATS)
    assert not set(registry.ENCODERS) & set(registry.SENDERS)


@pytest.mark.parametrize("format", ["vts", "json+ws"])
def test_a_missing_library_is_told_with_what_to_install(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError) as refused:
        make_senders([Target("127.0.0.1", 1, format)])
    assert str(refused.value) == (f'{format}://127.0.0.1:1 needs the package websockets: pip install "websockets>=15"')
