"""Pages that only look on, and who they are at each moment."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.window_client import TOKEN, open_window

pytest.importorskip("starlette", reason="the window needs the extra 'launcher'")
client = pytest.importorskip("websockets.sync.client", reason="the window needs the extra 'launcher'")
closed = pytest.importorskip("websockets.exceptions").ConnectionClosed

from launcher.web.clients import REFUSED, Page, Pages  # noqa: E402
from launcher.web.stage import Stage  # noqa: E402
from launcher.web.stage_storage import StageError, StageStorage  # noqa: E402

LIMIT_S = 30.0


def next_of(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of that kind."""
    while True:
        data = socket.recv(timeout=LIMIT_S)
        if isinstance(data, str) and json.loads(data)["type"] == kind:
            message: dict[str, Any] = json.loads(data)
            return message


def test_a_new_address_ends_the_connections_of_the_old_one_and_all_windows_learn_it(tmp_path: Path) -> None:
    with open_window(tmp_path) as window:
        address = window.origin.replace("http://", "ws://")

        def connect(path: str) -> Any:
            return client.connect(address + path, origin=window.origin)

        with connect("/page") as here, connect("/page") as elsewhere:
            for page in (here, elsewhere):
                page.send(json.dumps({"do": "enter", "key": TOKEN}))
            old = next_of(here, "obs")["path"]
            assert next_of(elsewhere, "obs")["path"] == old
            with connect(f"{old}page") as guest:
                next_of(guest, "stage")
                here.send(json.dumps({"do": "obs", "renew": True}))
                new = next_of(here, "obs")["path"]
                assert new != old
                assert next_of(elsewhere, "obs")["path"] == new
                with pytest.raises(closed):
                    while True:
                        guest.recv(timeout=LIMIT_S)
                assert guest.close_code == REFUSED
            with pytest.raises(Exception, match=r"40[34]"), connect(f"{old}page"):
                pass
            with connect(f"{new}page") as guest:
                next_of(guest, "stage")


class Socket:
    """A guest's connection that says nothing. closed: with which codes it was ended."""

    def __init__(self) -> None:
        self.closed: list[int] = []
        self.sent: list[str] = []

    async def accept(self) -> None:
        """Nothing to do."""

    async def receive(self) -> dict[str, str]:
        await asyncio.sleep(LIMIT_S)
        return {"type": "websocket.disconnect"}

    async def send_text(self, text: str) -> None:
        self.sent.append(text)

    async def close(self, code: int) -> None:
        self.closed.append(code)


def test_a_guest_whose_key_was_renewed_while_it_connected_is_not_let_in() -> None:
    pages = Pages(lambda: None)
    connected: list[Page] = []
    socket: Any = Socket()
    asyncio.run(pages.serve_guest(socket, lambda: False, connected.append, lambda page, message: None))
    assert socket.closed == [REFUSED]
    assert connected == []


def test_a_guest_is_shut_out_even_where_the_new_key_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = StageStorage(tmp_path)
    old = storage.key

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("launcher.web.stage_storage.write_atomically", full)

    async def renew() -> Any:
        pages = Pages(lambda: None)
        stage = Stage(pages, storage, lambda: {"running": False})
        socket: Any = Socket()
        guest = asyncio.create_task(
            pages.serve_guest(socket, lambda: True, lambda page: None, lambda page, message: None)
        )
        await asyncio.sleep(0.05)
        assert pages.guests == 1
        with pytest.raises(StageError, match="No space left"):
            stage.on_message(Page(socket), {"do": "obs", "renew": True})
        assert pages.guests == 0
        await asyncio.sleep(0.05)
        guest.cancel()
        return socket

    assert asyncio.run(renew()).closed == [REFUSED]
    assert storage.key != old
