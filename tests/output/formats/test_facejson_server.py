"""The WebSocket server for web pages: who is let in, who waits for whom, and what anything at all does to it."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.output.people import a_person, an_output_frame
from tracker.errors import SettingsError
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.formats.facejson_server import MAX_CONNECTIONS, JsonServer, is_local_origin
from tracker.output.target import Target

LIMIT_S = 5.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server() -> Iterator[JsonServer]:
    server = serving()
    yield server
    server.close()


def serving(*origins: str) -> JsonServer:
    target = Target("127.0.0.1", free_port(), "json+ws")
    server = JsonServer(target, JsonEncoder(points=True, max_bytes=None), frozenset(origins))
    server.port = target.port  # type: ignore[attr-defined]
    return server


@contextmanager
def connected(server: JsonServer, **options: Any) -> Iterator[ClientConnection]:
    before = len(server._connections)
    address = f"ws://127.0.0.1:{server.port}"  # type: ignore[attr-defined]
    with connect(address, proxy=None, close_timeout=0.5, **options) as client:
        until(lambda: len(server._connections) > before)
        yield client


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def test_every_connection_gets_the_frames(server: JsonServer) -> None:
    with connected(server) as one, connected(server) as other:
        for index in range(3):
            server.send(an_output_frame(a_person(yaw=20.0), index=index))
            for client in (one, other):
                frame = json.loads(client.recv(timeout=LIMIT_S))
                assert (frame["format"], frame["version"], frame["frame"]) == ("facetracker", 1, index)
                assert frame["faces"][0]["head"]["yaw"] == 20.0
                assert len(frame["faces"][0]["blendshapes"]) == 52


def test_nothing_is_encoded_while_nobody_is_connected(server: JsonServer) -> None:
    server.send(an_output_frame(a_person()))
    assert server.sent == 0


def test_a_new_connection_does_not_get_an_old_frame(server: JsonServer) -> None:
    with connected(server) as first:
        server.send(an_output_frame(a_person(), index=0))
        first.recv(timeout=LIMIT_S)
        with connected(server) as second:
            server.send(an_output_frame(a_person(), index=1))
            assert json.loads(second.recv(timeout=LIMIT_S))["frame"] == 1


def test_one_that_does_not_read_delays_nobody_and_gets_the_newest_later(server: JsonServer) -> None:
    server._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)  # connections inherit it
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    small.connect(("127.0.0.1", server.port))  # type: ignore[attr-defined]
    with connected(server) as reader, connected(server, sock=small, max_queue=1) as sleeper:
        started = time.monotonic()
        for index in range(500):
            server.send(an_output_frame(a_person(), index=index))
        assert time.monotonic() - started < 5 * 4.0
        last = -1
        while last < 499:
            last = json.loads(reader.recv(timeout=LIMIT_S))["frame"]
        frames = []
        while not frames or frames[-1] < 499:
            frames.append(json.loads(sleeper.recv(timeout=LIMIT_S))["frame"])
        assert frames == sorted(frames)
        assert len(frames) < 500  # what no buffer held was dropped


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://localhost", True),
        ("http://localhost:8080", True),
        ("https://127.0.0.1:3000", True),
        ("http://[::1]:8080", True),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://evil.example", False),
        ("http://192.168.1.5", False),
        ("null", False),
        ("file://", False),
        ("", False),
        ("http://[", False),
        ("chrome-extension://abc", False),
    ],
)
def test_origins_of_this_machine(origin: str, is_ours: bool) -> None:
    assert is_local_origin(origin) is is_ours


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_is_refused(server: JsonServer, origin: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        with pytest.raises(InvalidStatus) as refused, connected(server, origin=origin):
            pass
        assert refused.value.response.status_code == 403
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"refused a web page from {origin}; add ?origin={origin} to the target to admit it"]


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ((), "http://localhost:8080"),
        (("https://overlay.example",), "https://overlay.example"),
        (("null",), "null"),
        (("*",), "https://anyone.example"),
    ],
)
def test_an_allowed_page_is_let_in(allowed: tuple[str, ...], origin: str) -> None:
    server = serving(*allowed)
    try:
        with connected(server, origin=origin) as page:
            server.send(an_output_frame(a_person(), index=1))
            assert json.loads(page.recv(timeout=LIMIT_S))["frame"] == 1
    finally:
        server.close()


def test_no_more_connections_than_can_be_served(server: JsonServer) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS - 1):
            stack.enter_context(connected(server))
        with connected(server), pytest.raises(InvalidStatus) as refused, connected(server):
            pass
        assert refused.value.response.status_code == 503
        until(lambda: len(server._connections) < MAX_CONNECTIONS)
        stack.enter_context(connected(server))


def test_what_clients_say_is_not_heard_and_does_no_harm(server: JsonServer) -> None:
    with connected(server) as talker, connected(server) as reader:
        for _ in range(100):
            talker.send("{}")
        talker.send("x" * 900)
        server.send(an_output_frame(a_person(), index=5))
        assert json.loads(talker.recv(timeout=LIMIT_S))["frame"] == 5
        talker.send("x" * 100_000)  # that is too much: this one is closed
        server.send(an_output_frame(a_person(), index=6))
        while json.loads(reader.recv(timeout=LIMIT_S))["frame"] < 6:  # it may or may not have seen the one before
            pass


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ],
)
def test_noise_does_no_harm(server: JsonServer, start: bytes) -> None:
    rng_seeds = range(20)
    for seed in rng_seeds:
        with socket.create_connection(("127.0.0.1", server.port), LIMIT_S) as noisy:  # type: ignore[attr-defined]
            noisy.sendall(start + os.urandom(200 + seed) + b"\r\n\r\n")
    with connected(server) as reader:
        server.send(an_output_frame(a_person(), index=9))
        assert json.loads(reader.recv(timeout=LIMIT_S))["frame"] == 9


def test_closing_ends_connections_and_threads_at_once() -> None:
    before = set(threading.enumerate())
    server = serving()
    with connected(server), connected(server):
        started = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - started < 5 * 0.5
    until(lambda: set(threading.enumerate()) <= before)


def test_a_port_that_is_taken_is_told(server: JsonServer) -> None:
    target = Target("127.0.0.1", server.port, "json+ws")  # type: ignore[attr-defined]
    with pytest.raises(SettingsError) as refused:
        JsonServer(target, JsonEncoder())
    said = str(refused.value)
    assert re.fullmatch(
        rf"cannot listen at {re.escape(str(target))} \(.+\); choose another port", said
    )  # system's words
