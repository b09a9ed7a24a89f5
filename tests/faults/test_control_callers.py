"""Whoever calls the launcher on 127.0.0.1 without the token: cannot end it, and cannot keep the tracker out."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from launcher.connection import JsonLineConnection
from launcher.instances import RemoteAccess, running_launchers
from launcher.listener import MAX_UNAUTHENTICATED, AuthenticatedListener
from launcher.process import TrackerProcess
from protocol.control import VERSION, Message

LIMIT_S = 25.0  # five times what a caller is given to say hello


@pytest.fixture(autouse=True)
def no_thread_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    errors: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    yield
    assert errors == []


@pytest.fixture
def listener() -> Iterator[AuthenticatedListener]:
    def echo(connection: JsonLineConnection, hello: Message) -> None:
        while (message := connection.receive()) is not None:
            connection.send(message)

    with closing(AuthenticatedListener("test", echo)) as listening:
        yield listening


def call(listener: AuthenticatedListener) -> socket.socket:
    connection = socket.create_connection((listener.address.host, listener.address.port), LIMIT_S)
    connection.settimeout(LIMIT_S)
    return connection


def hello(token: object, **more: object) -> bytes:
    return json.dumps({"type": "hello", "protocol": VERSION, "token": token, **more}).encode() + b"\n"


def is_let_in(listener: AuthenticatedListener) -> bool:
    with call(listener) as connection:
        connection.sendall(hello(listener.address.token) + b'{"a": 1}\n')
        return json.loads(connection.makefile().readline()) == {"a": 1}


def answer_to(listener: AuthenticatedListener, data: bytes) -> bytes:
    """All that the caller hears until it is hung up on."""
    heard = b""
    with call(listener) as connection, suppress(ConnectionError):
        connection.sendall(data)
        while chunk := connection.recv(4096):
            heard += chunk
    return heard


@pytest.mark.parametrize("token", ["", "wrong", "\ud800", "\u00e4", None, 7, True, [], {"a": 1}, 1e99])
def test_a_wrong_token_of_any_kind_is_refused(listener: AuthenticatedListener, token: object) -> None:
    assert b"hello" not in answer_to(listener, hello(token))
    assert is_let_in(listener)


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"NaN\n",
        b'{"token": NaN}\n',
        b'{"token": "\\ud800"}\n',
        b'{"id": ' + b"9" * 3000 + b"}\n",
        b"[" * 4000 + b"\n",
        b"x" * 100_000,
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_no_line_at_the_door_ends_a_thread(listener: AuthenticatedListener, data: bytes) -> None:
    answer_to(listener, data)
    assert is_let_in(listener)


def test_silent_callers_keep_nobody_out(listener: AuthenticatedListener) -> None:
    with ExitStack() as silent:
        for _ in range(3 * MAX_UNAUTHENTICATED):
            silent.enter_context(call(listener))
        started = time.monotonic()
        assert is_let_in(listener)
        assert time.monotonic() - started < 5.0  # while the others are still there


def test_a_flood_of_callers_keeps_nobody_out(listener: AuthenticatedListener) -> None:
    ended = threading.Event()

    def flood() -> None:
        while not ended.is_set():
            with suppress(OSError), call(listener) as connection:
                connection.sendall(b"{")

    floods = [threading.Thread(target=flood) for _ in range(4)]
    for thread in floods:
        thread.start()
    try:
        assert all(is_let_in(listener) for _ in range(20))
    finally:
        ended.set()
        for thread in floods:
            thread.join()


def test_who_is_slow_or_silent_is_hung_up_on(listener: AuthenticatedListener) -> None:
    with call(listener) as silent, call(listener) as slow:
        deadline = time.monotonic() + LIMIT_S
        with suppress(ConnectionError):
            for character in hello(listener.address.token)[:40]:
                slow.sendall(bytes([character]))
                time.sleep(0.2)
                assert time.monotonic() < deadline
            assert slow.recv(1) == b""
        assert silent.recv(1) == b""


def test_they_cost_no_thread_each(listener: AuthenticatedListener) -> None:
    before = threading.active_count()
    with ExitStack() as silent:
        for _ in range(MAX_UNAUTHENTICATED):
            silent.enter_context(call(listener))
        assert is_let_in(listener)
        assert threading.active_count() <= before + 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", '"\\ud800"', "9" * 400])
def test_an_odd_id_gets_an_answer_and_the_connection_goes_on(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RemoteAccess(TrackerProcess(), tmp_path):
        (launcher,) = running_launchers(tmp_path)
        assert launcher.pid == os.getpid()
        with socket.create_connection((launcher.address.host, launcher.address.port), LIMIT_S) as connection:
            connection.settimeout(LIMIT_S)
            connection.sendall(hello(launcher.address.token))
            connection.sendall(f'{{"id": {number}, "command": "status"}}\n{{"id": 2, "command": "status"}}\n'.encode())
            lines = connection.makefile()
            assert json.loads(lines.readline())["ok"] is False
            reply = json.loads(lines.readline())
            assert (reply["id"], reply["ok"], reply["state"]) == (2, True, "stopped")
