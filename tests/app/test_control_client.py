"""The tracker's end of the control channel, talked to as a launcher or game engine would: over a plain socket."""

from __future__ import annotations

import base64
import inspect
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from fakes import a_face, a_frame, a_result

from protocol.control import MAX_COMMAND_BYTES, VARIABLE, VERSION, ControlAddress, LineSplitter, Message, decode, encode
from protocol.control_commands import COMMANDS
from tests.app.test_run_control import RecordingEngine
from tracker.app import control_client as control
from tracker.app import picture_requests
from tracker.app.control_client import ControlClient, address_from_environment
from tracker.app.run_control import RunControl
from tracker.app.shutdown import StopRequest
from tracker.version import VERSION as TRACKER_VERSION

TOKEN = "secret"
LIMIT_S = 10.0


class Launcher:
    """Listens, and talks with the one tracker that dials."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(LIMIT_S)
        self.address = ControlAddress("127.0.0.1", self.listening.getsockname()[1], TOKEN)
        self.connection: socket.socket | None = None
        self.hello: Message = {}

    def accept(self) -> None:
        self.connection, _ = self.listening.accept()
        self.connection.settimeout(LIMIT_S)
        self._splitter = LineSplitter(1 << 22)
        self._lines: list[bytes | None] = []
        self.hello = self.receive()

    def send(self, data: bytes) -> None:
        assert self.connection is not None
        self.connection.sendall(data)

    def receive(self) -> Message:
        assert self.connection is not None
        while not self._lines:
            data = self.connection.recv(65536)
            assert data, "the tracker hung up"
            self._lines = self._splitter.feed(data)
        line = self._lines.pop(0)
        assert line is not None
        return decode(line)

    def ask(self, command: str, number: Any = 1, **values: Any) -> Message:
        """The reply to `command`; reports that come in between are left out."""
        self.send(encode({"id": number, "command": command, **values}))
        while True:
            message = self.receive()
            if message["type"] == "reply":
                assert message["id"] == number
                return message

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    launcher = Launcher()
    yield launcher
    launcher.hang_up()
    launcher.listening.close()


@pytest.fixture
def stop() -> StopRequest:
    return StopRequest()


@pytest.fixture
def run_control(stop: StopRequest) -> RunControl:
    return RunControl(stop, source="desk camera")


@pytest.fixture
def client(launcher: Launcher, run_control: RunControl) -> Iterator[ControlClient]:
    """Connected, and said hello."""
    client = ControlClient(launcher.address, run_control)
    client.start()
    launcher.accept()
    yield client
    client.close()


def test_it_says_who_it_is(launcher: Launcher, client: ControlClient) -> None:
    assert launcher.hello == {
        "type": "hello",
        "protocol": VERSION,
        "token": TOKEN,
        "pid": os.getpid(),
        "version": TRACKER_VERSION,
    }


def test_commands_reach_the_tracker(
    launcher: Launcher, client: ControlClient, run_control: RunControl, stop: StopRequest
) -> None:
    refused = launcher.ask("recentre")
    assert refused["ok"] is False and refused["error"] == "tracking has not begun yet"
    assert launcher.ask("reset_calibration")["error"] == "tracking has not begun yet"
    engine = RecordingEngine()
    run_control.attach(engine)
    assert launcher.ask("recentre", "a text") == {"type": "reply", "id": "a text", "ok": True}
    assert launcher.ask("recentre", clear=True)["ok"]
    assert launcher.ask("reset_calibration")["ok"]
    assert engine.asked == ["recentre", "reset_calibration"]
    assert launcher.ask("pause")["ok"] and run_control.paused
    assert launcher.ask("resume")["ok"] and not run_control.paused
    assert not stop.requested
    assert launcher.ask("quit")["ok"] and stop.requested


def test_statistics_come_once_and_by_themselves(
    launcher: Launcher, client: ControlClient, run_control: RunControl
) -> None:
    frame = a_frame()
    run_control.on_open("desk camera", "64x48")
    run_control.on_frame(frame, dropped=2)
    run_control.add(a_result(frame, [a_face(confidence=0.75)]), latency_ms=12.5)
    once = launcher.ask("statistics")
    assert (once["state"], once["source"], once["granted"]) == ("tracking", "desk camera", "64x48")
    assert (once["frames"], once["faces"], once["dropped"], once["latency_ms"]) == (1, 1, 2, 12.5)
    assert launcher.ask("statistics", every_s=0.1)["ok"]
    reports = [launcher.receive() for _ in range(3)]
    assert [report["type"] for report in reports] == ["statistics"] * 3
    assert reports[0].keys() >= {
        "state",
        "fps",
        "cpu_percent",
        "memory_bytes",
        "tracking_ms",
        "stages_ms",
        "confidence",
    }
    assert launcher.ask("statistics", every_s=0)["ok"]
    launcher.connection.settimeout(0.5)  # type: ignore[union-attr]
    with pytest.raises(TimeoutError):
        launcher.receive()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"command": "statistics", "every_s": "1"}, "'every_s' must be a number"),
        ({"command": "statistics", "every_s": True}, "'every_s' must be a number"),
        ({"command": "statistics", "every_s": 0.001}, "'every_s' must be 0 or between 0.1 and 3600"),
        ({"command": "statistics", "every_s": -1}, "'every_s' must be 0 or between 0.1 and 3600"),
        ({"command": "recentre", "clear": "yes"}, "'clear' must be true or false"),
        ({"command": "dance"}, "there is no command 'dance'; commands are expression_clear, expression_enable, "),
        ({"command": ["pause"]}, "there is no command"),
        ({}, "'command' is missing"),
    ],
)
def test_wrong_commands_are_answered_in_words(
    values: Message, reason: str, launcher: Launcher, client: ControlClient
) -> None:
    launcher.send(encode({"id": 7, **values}))
    reply = launcher.receive()
    assert reply["id"] == 7 and reply["ok"] is False
    assert str(reply["error"]).startswith(reason)


@pytest.mark.parametrize("number", [1.5, True, ["a"], {}, "x" * 65])
def test_an_impossible_id_is_answered_without_it(number: Any, launcher: Launcher, client: ControlClient) -> None:
    launcher.send(encode({"id": number, "command": "pause"}))
    reply = launcher.receive()
    assert reply["id"] is None and "'id' must be" in reply["error"]


def test_a_picture_comes_with_the_next_frame(
    launcher: Launcher, client: ControlClient, run_control: RunControl
) -> None:
    done = threading.Event()

    def film() -> None:
        index = 0
        while not done.wait(0.01):
            run_control.on_frame(a_frame(index), dropped=0)
            index += 1

    camera = threading.Thread(target=film)
    camera.start()
    try:
        reply = launcher.ask("picture")
        began = time.monotonic()
        for number in range(2, 5):
            assert launcher.ask("picture", number)["ok"]
        assert time.monotonic() - began >= 2 * picture_requests.INTERVAL_S, "ten a second at most"
    finally:
        done.set()
        camera.join()
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(reply["jpeg"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (reply["height"], reply["width"], 3) == (48, 64, 3)
    assert run_control.take_picture() is None, "only while asked for"


def test_a_large_picture_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = picture_requests.as_jpeg(np.full((720, 1280, 3), 128, np.uint8))
    assert (answer["width"], answer["height"]) == (640, 360)


def test_without_frames_there_is_no_picture_but_an_answer(
    launcher: Launcher, client: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_requests, "LIMIT_S", 0.1)
    assert launcher.ask("picture")["error"] == "the camera delivers no picture now"


def test_rubbish_is_answered_and_never_ends_the_conversation(
    launcher: Launcher, client: ControlClient, stop: StopRequest, run_control: RunControl
) -> None:
    rng = random.Random(20)
    values: list[Any] = [None, True, -1, 1e308, "pause", "\ud800", [], {}, [[]], {"a": {}}, "picture", "statistics"]
    names = ["id", "command", "every_s", "clear", "type", "", "\x00"]
    for _ in range(300):
        kind = rng.randrange(3)
        if kind == 0:
            line = bytes(rng.randrange(256) for _ in range(rng.randrange(200))).replace(b"\n", b" ")
        elif kind == 1:
            line = encode({rng.choice(names): rng.choice(values) for _ in range(rng.randrange(5))})[:-1]
        else:
            line = encode({"id": 1, "command": "statistics"})[: rng.randrange(30)]
        if b"refused" not in line and b'"picture"' not in line:
            launcher.send(line + b"\n")
            reply = launcher.receive()
            while reply["type"] == "statistics":
                reply = launcher.receive()
            assert isinstance(reply["ok"], bool)
            assert reply["ok"] != ("error" in reply)
    launcher.send(b"x" * (MAX_COMMAND_BYTES + 1) + b"\n")
    assert launcher.receive()["error"] == f"the line is longer than {MAX_COMMAND_BYTES} bytes"
    assert launcher.ask("statistics", 99)["ok"]
    assert not stop.requested


def test_who_asks_and_never_reads_holds_up_nobody(
    launcher: Launcher, client: ControlClient, run_control: RunControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher.hang_up()
    monkeypatch.setattr(control, "SEND_LIMIT_S", 0.2)
    launcher.accept()
    commands = encode({"id": 1, "command": "statistics"}) * 1000
    with pytest.raises(OSError):  # until the tracker hangs up, as it does
        for _ in range(1000):
            launcher.send(commands)
            frame = a_frame()
            run_control.on_frame(frame, dropped=0)
            run_control.add(a_result(frame), latency_ms=1.0)
    launcher.accept()
    assert launcher.ask("statistics")["frames"] > 0


def test_it_dials_again_when_the_launcher_hung_up(
    launcher: Launcher, client: ControlClient, run_control: RunControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        launcher.hang_up()
        launcher.accept()
        assert launcher.hello["token"] == TOKEN
        assert launcher.ask("pause")["ok"]


def test_it_waits_for_a_launcher_that_listens_later(run_control: RunControl) -> None:
    reserved = socket.create_server(("127.0.0.1", 0))
    port = reserved.getsockname()[1]
    reserved.close()
    client = ControlClient(ControlAddress("127.0.0.1", port, TOKEN), run_control)
    client.start()
    try:
        time.sleep(0.2)
        with socket.create_server(("127.0.0.1", port)) as listening:
            listening.settimeout(LIMIT_S)
            listening.accept()[0].close()
    finally:
        client.close()


def test_a_launcher_that_refuses_is_left_alone(
    launcher: Launcher, run_control: RunControl, caplog: pytest.LogCaptureFixture
) -> None:
    client = ControlClient(launcher.address, run_control)
    with caplog.at_level(logging.WARNING, "tracker"):
        client.start()
        launcher.accept()
        launcher.send(encode({"type": "refused", "error": "the token is wrong"}))
        client._thread.join(LIMIT_S)
    assert not client._thread.is_alive()
    assert [record.getMessage() for record in caplog.records] == [
        "the launcher refused the control channel: the token is wrong"
    ]


def test_the_address_comes_from_the_environment(caplog: pytest.LogCaptureFixture) -> None:
    assert address_from_environment({}) is None
    assert address_from_environment({VARIABLE: "127.0.0.1:4000:t"}) == ControlAddress("127.0.0.1", 4000, "t")
    assert not caplog.records
    assert address_from_environment({VARIABLE: "10.0.0.1:4000:t"}) is None
    assert "FACETRACKER_CONTROL is invalid: '10.0.0.1' is not a loopback address" in caplog.text


def test_every_command_has_a_method_that_takes_its_fields(run_control: RunControl) -> None:
    of_the_connection = {"picture", "every_s"}
    for command in COMMANDS.values():
        if command.name not in of_the_connection:
            fields = {field.name for field in command.fields} - of_the_connection
            assert set(inspect.signature(getattr(run_control, command.name)).parameters) == fields
