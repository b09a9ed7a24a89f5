"""What other users of the machine can do to the launcher's window: nothing, however they ask."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from launcher.errors import LauncherError, UsageError
from launcher.instances import private_folder
from tests.launcher.window_client import TOKEN, Window, open_window
from tests.launcher.window_client import trackers as running_trackers
from tests.receiver import ROOT

websockets = pytest.importorskip("websockets.sync.client", reason="the window needs the extra 'launcher'")
ConnectionClosed = pytest.importorskip("websockets.exceptions").ConnectionClosed
access_keys = pytest.importorskip("launcher.web.access_keys")
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with open_window(tmp_path_factory.mktemp("window")) as opened:
        yield opened


def connect(window: Window) -> Any:
    """A websocket as any program of any user of this machine can open it, with the right Origin."""
    return websockets.connect(f"ws://127.0.0.1:{window.port}/page", origin=window.origin)


def ended_without_a_word(socket: Any, code: int = 4401) -> bool:
    """Whether the server closes `socket` without having sent anything, and with this code."""
    try:
        socket.recv(LIMIT_S)
    except ConnectionClosed as closed:
        return closed.rcvd is not None and closed.rcvd.code == code
    return False


@contextmanager
def entered(window: Window, key: str) -> Iterator[tuple[Any, str]]:
    """A websocket that was let in with `key`, and the session key it was given."""
    with connect(window) as socket:
        socket.send(json.dumps({"do": "enter", "key": key}))
        answer = json.loads(socket.recv(LIMIT_S))
        assert answer["type"] == "entered"
        yield socket, answer["key"]


START = {"do": "start", "settings": {"camera": "demo", "receivers": []}}


@pytest.mark.parametrize(
    "words",
    [
        [],
        [START],
        [{"do": "enter"}],
        [{"do": "enter", "key": ""}],
        [{"do": "enter", "key": "wrong"}, START],
        [{"do": "enter", "key": None}],
        [{"do": "enter", "key": {"a": 1}}],
        [{"do": "enter", "key": "\ud800"}],
        [{"do": "enter", "key": "x" * 5000}],
        [{"do": "picture", "on": True}, {"do": "enter", "key": TOKEN}],
        "[" * 100_000,
        b"\x00\xff",
    ],
)
def test_the_right_origin_without_a_key_gets_nothing_and_starts_nothing(window: Window, words: Any) -> None:
    with connect(window) as socket:
        with suppress(ConnectionClosed):  # it may be hung up on before all is said
            for word in words if isinstance(words, list) else [words]:
                socket.send(word if isinstance(word, str | bytes) else json.dumps(word))
        assert ended_without_a_word(socket, 4401 if words else 4408)
    assert running_trackers(window) == []


def test_silent_strangers_keep_the_users_page_out_neither_by_number_nor_for_long(window: Window) -> None:
    with ExitStack() as strangers:
        silent = [strangers.enter_context(connect(window)) for _ in range(40)]
        with entered(window, TOKEN):
            pass
        assert all(ended_without_a_word(stranger, 4408) for stranger in silent)


def test_connections_that_ask_for_nothing_keep_nobody_out_and_are_hung_up_on(window: Window) -> None:
    with ExitStack() as strangers:
        silent = [
            strangers.enter_context(socket.create_connection(("127.0.0.1", window.port), LIMIT_S)) for _ in range(150)
        ]
        silent[-1].sendall(b"GET / HTTP/1.1\r\nHost: ")
        with entered(window, TOKEN):
            pass
        if sys.platform != "win32":
            assert psutil.Process(window.process.pid).num_fds() < len(silent)
        assert [stranger.recv(1) for stranger in silent] == [b""] * len(silent)


def test_a_session_key_lets_its_page_in_again_and_a_printed_key_works_once(window: Window) -> None:
    ticket = window.printed.partition("#")[2]
    with entered(window, ticket) as (_, session):
        pass
    assert session not in (ticket, TOKEN)
    with connect(window) as again:
        again.send(json.dumps({"do": "enter", "key": ticket}))
        assert ended_without_a_word(again)
    with entered(window, session) as (_, same):
        assert same == session


def test_the_secret_is_in_no_command_line_and_no_childs_environment(tmp_path: Path) -> None:
    note, opener = tmp_path / "opened", tmp_path / "opener.py"
    opener.write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(note)!r}).write_text(repr((sys.argv, dict(os.environ))))\n"
        "time.sleep(30)\n"
    )
    with open_window(tmp_path, (), BROWSER=f"{sys.executable} {opener} %s &") as window:
        deadline = time.monotonic() + LIMIT_S
        while not note.exists() or not note.stat().st_size:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (entry,) = (tmp_path / "runtime").rglob("*.html")
        ticket = entry.read_text().partition("#")[2].partition('"')[0]
        assert len(ticket) >= 32
        me = psutil.Process(window.process.pid)
        with entered(window, TOKEN) as (socket, session):
            socket.send(json.dumps(START))
            while not (trackers := running_trackers(window)):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            seen = note.read_text() + str([each.cmdline() for each in (me, *me.children(recursive=True))])
            seen += str([tracker.environ() for tracker in trackers])
        for secret in (ticket, session, TOKEN):
            assert secret not in seen
        kept = [path for path in (tmp_path / "runtime").rglob("*") if path.is_file()]
        assert len(kept) == 2  # the address for other shells, and the page that leads in
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        for child in me.children():
            if str(opener) in str(child.cmdline()):
                child.kill()
    assert list((tmp_path / "runtime").rglob("*.html")) == []


def test_a_second_launcher_shows_the_window_that_is_open(tmp_path: Path) -> None:
    with open_window(tmp_path) as window:
        second = subprocess.run(
            [sys.executable, "-m", "launcher.cli", "window", "--no-browser", "--port", "0"],
            cwd=ROOT,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "runtime"), "XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 0, second.stderr
        assert f"rocess {window.process.pid} " in second.stdout
        assert f"{window.origin}/#" in second.stdout
        ticket = second.stdout.partition("#")[2].split()[0]
        with entered(window, ticket):
            pass
        with open_window(tmp_path, ("--no-browser", "--another")) as another:
            assert another.port != window.port


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_a_token_file_must_be_the_users_alone_and_hold_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("a-long-enough-secret\n")
    path.chmod(0o640)
    with pytest.raises(UsageError, match="can read"):
        access_keys.given_token(path)
    path.chmod(0o600)
    assert access_keys.given_token(path) == "a-long-enough-secret"
    path.write_text("short")
    with pytest.raises(UsageError, match="at least 16"):
        access_keys.given_token(path)
    path.write_bytes(b"\xff" * 20)
    with pytest.raises(UsageError, match="is not a text"):
        access_keys.given_token(path)
    with pytest.raises(UsageError, match="cannot be read"):
        access_keys.given_token(tmp_path / "nowhere")
    monkeypatch.setenv(access_keys.TOKEN_VARIABLE, "a-secret-of-the-environment")
    assert access_keys.given_token() == "a-secret-of-the-environment"
    assert access_keys.TOKEN_VARIABLE not in os.environ
    assert access_keys.given_token() is None


def test_a_page_that_is_just_leaving_does_not_spoil_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # Seen when a browser left with frames still on their way to it: both ends are closing, and nothing can be sent.
    from websockets.exceptions import InvalidState

    from launcher.web.protocols import WebSocketProtocol

    closed = []

    class Leaving(WebSocketProtocol):
        def __init__(self) -> None:
            self.transport = SimpleNamespace(close=lambda: closed.append(True))

    def fail(self: object) -> None:
        raise InvalidState("connection is closing")

    monkeypatch.setattr(WebSocketProtocol.__mro__[1], "shutdown", fail)
    Leaving().shutdown()
    assert closed == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_a_folder_that_others_could_replace_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "open" / "mine").mkdir(parents=True)
    private_folder(tmp_path / "closed" / "launchers")
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(LauncherError):
        private_folder(tmp_path / "open" / "mine" / "launchers")
    (tmp_path / "open").chmod(0o1777)  # as /tmp: nobody renames what belongs to another
    private_folder(tmp_path / "open" / "mine" / "launchers")
    (tmp_path / "open" / "mine" / "launchers").chmod(0o750)
    with pytest.raises(LauncherError):
        private_folder(tmp_path / "open" / "mine" / "launchers")
