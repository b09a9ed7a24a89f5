"""The launcher's door before the token, and the tracker's end of the control channel."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from launcher.connection import JsonLineConnection
from launcher.listener import AuthenticatedListener
from protocol.control import VERSION, LineSplitter, Message, decode, encode
from tracker.app.control_client import ControlClient
from tracker.app.run_control import RunControl
from tracker.app.shutdown import StopRequest

LIMIT_S = 30.0
HOSTILE = [
    b'{"type":"hello","token":"\\ud800"}',
    b'{"type":"hello","token":"\xed\xa0\x80"}',
    b'{"id":NaN,"command":"pause"}',
    b'{"id":1e999,"command":"pause"}',
    b'{"id":' + b"9" * 5000 + b"}",
    b"[" * 60_000,
    b'{"type":["hello"],"token":{}}',
    b"\xff\xfe\x00",
    b"",
    b"null",
    b'{"command":"statistics","every_s":1e300}',
    b'{"command":"recentre","clear":"\\udfff"}',
]


@pytest.fixture
def hellos() -> list[Message]:
    return []


@pytest.fixture
def listener(hellos: list[Message]) -> Iterator[AuthenticatedListener]:
    def serve(connection: JsonLineConnection, hello: Message) -> None:
        hellos.append(hello)
        connection.send({"type": "welcome"})

    door = AuthenticatedListener("door", serve)
    yield door
    door.close()


def knock(listener: AuthenticatedListener) -> socket.socket:
    return socket.create_connection((listener.address.host, listener.address.port), LIMIT_S)


def is_let_in(listener: AuthenticatedListener) -> bool:
    with knock(listener) as connection:
        connection.sendall(encode({"type": "hello", "protocol": VERSION, "token": listener.address.token}))
        return b"welcome" in connection.recv(4096)


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: repr(line[:40]))
def test_no_hello_harms_the_door(
    line: bytes, listener: AuthenticatedListener, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(40):
        with knock(listener) as connection:
            connection.sendall(line[:4000] + b"\n")
    assert is_let_in(listener)
    assert "Traceback" not in capfd.readouterr().err


def test_silent_callers_do_not_keep_the_tracker_out(listener: AuthenticatedListener) -> None:
    silent = [knock(listener) for _ in range(60)]
    begun_s = time.monotonic()
    assert is_let_in(listener)
    assert time.monotonic() - begun_s < 15.0
    for connection in silent:
        connection.close()


def test_no_line_ends_the_trackers_conversation(capfd: pytest.CaptureFixture[str]) -> None:
    stop = StopRequest()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        from protocol.control import ControlAddress

        client = ControlClient(ControlAddress("127.0.0.1", listening.getsockname()[1], "token"), RunControl(stop))
        client.start()
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(LIMIT_S)
            splitter = LineSplitter(1 << 20)
            for line in HOSTILE:
                connection.sendall(line[:60_000] + b"\n")
            connection.sendall(b'{"id":"last","command":"pause"}\n')
            replies: list[Message] = []
            while not replies or replies[-1].get("id") != "last":
                replies += [decode(line) for line in splitter.feed(connection.recv(1 << 16)) if line is not None]
        client.close()
    assert [reply["ok"] for reply in replies if reply.get("type") == "reply"][-1] is True
    assert "Traceback" not in capfd.readouterr().err
    assert all(json.dumps(reply, allow_nan=False) for reply in replies)
    assert not any(thread.name == "control" and thread.is_alive() for thread in threading.enumerate())
