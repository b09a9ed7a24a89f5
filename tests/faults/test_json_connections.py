"""The WebSocket server among silent, many and impolite connections."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("websockets")

from websockets.sync.client import connect

from tests.output.results import a_face, a_result
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.formats.facejson_server import JsonServer
from tracker.output.limited_listener import LimitedListener
from tracker.output.subject import OutputFrame
from tracker.output.target import Target

LIMIT_S = 30.0
PROMISED_S = 10.0  # five times what is promised


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving() -> Iterator[tuple[JsonServer, int]]:
    port = free_port()
    server = JsonServer(Target("127.0.0.1", port, "json+ws"), JsonEncoder(points=True, max_bytes=None))
    try:
        yield server, port
    finally:
        server.close()


def knock(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), LIMIT_S)


def answers(server: JsonServer, port: int) -> bool:
    """Whether a client gets a frame."""
    with connect(f"ws://127.0.0.1:{port}", proxy=None, open_timeout=LIMIT_S, close_timeout=0.2) as client:
        sending = threading.Event()

        def send() -> None:
            while not sending.wait(0.02):
                server.send(OutputFrame(a_result(a_face()), None))

        thread = threading.Thread(target=send)
        thread.start()
        try:
            return bool(client.recv(timeout=LIMIT_S))
        finally:
            sending.set()
            thread.join()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n", b"\xff" * 300], ids=["silent", "half a request", "noise"])
def test_hundreds_of_connections_do_not_keep_a_client_out(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    with serving() as (server, port):
        strangers = []
        for _ in range(400):
            with contextlib.suppress(OSError):
                stranger = knock(port)
                strangers.append(stranger)
                stranger.sendall(said)
        assert threading.active_count() - before < 80
        assert answers(server, port)
        for stranger in strangers:
            stranger.close()
        assert answers(server, port)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_silent_connections_do_not_delay_the_end() -> None:
    with serving() as (server, port):
        strangers = [knock(port) for _ in range(20)]
        time.sleep(0.2)
        begun_s = time.monotonic()
        server.close()
        assert time.monotonic() - begun_s < PROMISED_S
        for stranger in strangers:
            stranger.close()


def test_a_client_that_is_served_is_not_dropped_for_strangers() -> None:
    with serving() as (server, port), connect(f"ws://127.0.0.1:{port}", proxy=None, close_timeout=0.2) as client:
        strangers = [knock(port) for _ in range(100)]
        server.send(OutputFrame(a_result(a_face()), None))
        assert client.recv(timeout=LIMIT_S)
        for stranger in strangers:
            stranger.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_running_out_of_descriptors_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    import resource

    with serving() as (server, port):
        assert answers(server, port)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        client = socket.socket()
        taken = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 200), hard))
            with contextlib.suppress(OSError):
                while True:
                    taken.append(socket.socket())
            client.settimeout(LIMIT_S)
            client.connect(("127.0.0.1", port))  # into the backlog: nobody can accept it
            time.sleep(0.5)
        finally:
            for one in [*taken, client]:
                one.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert answers(server, port)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1 and "no further connection can be served now" in warnings[0].getMessage()


def test_the_listener_ends_who_waits_in_accept() -> None:
    listener = LimitedListener(socket.AF_INET, ("127.0.0.1", 0))
    ended = threading.Event()

    def accept() -> None:
        with contextlib.suppress(OSError):
            listener.accept()
        ended.set()

    threading.Thread(target=accept, daemon=True).start()
    time.sleep(0.05)
    listener.close()
    assert ended.wait(LIMIT_S)


def test_the_oldest_stranger_gives_way() -> None:
    listener = LimitedListener(socket.AF_INET, ("127.0.0.1", 0), most_unsettled=2)
    port = listener.getsockname()[1]
    clients, accepted = [], []
    for number in range(3):
        clients.append(knock(port))
        accepted.append(listener.accept())
        if number == 0:
            listener.settle(accepted[0][1])
    clients.append(knock(port))
    accepted.append(listener.accept())
    for client in clients:
        client.settimeout(0.2)
    assert clients[1].recv(1) == b""  # the oldest that was not settled
    for other in (0, 2, 3):
        with pytest.raises(TimeoutError):
            clients[other].recv(1)
    listener.close()
    for connection, _ in accepted:
        connection.close()
    for client in clients:
        client.close()
