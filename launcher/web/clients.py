"""The open pages: one websocket each, and what waits to be sent to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from protocol.foreign_json import ForeignJsonError, parse_json

Message = dict[str, Any]

ENTRY_LIMIT_S = 5.0
"""How long a page may take to show its key."""
MAX_ENTERING = 32
"""So many may be about to show theirs; whoever has been silent longest gives way, so that strangers keep nobody out."""
MAX_ENTRY_BYTES = 1000
REFUSED = 4401
"""The code a websocket is closed with for a missing or wrong key."""
MAX_WAITING = 500
"""Of what a page does not read, the newest so many messages are kept."""


class Page:
    """One open page. Only for use in the server's loop.

    Messages wait in order; of frames and of pictures only the newest waits, so that a slow page is never behind.
    """

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._texts: deque[str] = deque(maxlen=MAX_WAITING)
        self._binary: dict[int, bytes] = {}
        self._waiting = asyncio.Event()
        self.watching = True
        """Whether it is visible and wants frames."""
        self.wants_picture = False
        """Whether the user asked to see the camera's picture."""

    def tell(self, message: Message) -> None:
        """Queue `message` as JSON."""
        self.tell_text(json.dumps(message))

    def tell_text(self, text: str) -> None:
        """Queue what is JSON already."""
        self._texts.append(text)
        self._waiting.set()

    def show(self, data: bytes) -> None:
        """Queue a binary message in place of an older one of its kind (its first byte)."""
        self._binary[data[0]] = data
        self._waiting.set()

    async def write(self) -> None:
        """Send what waits until the page is gone."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._waiting.wait()
                self._waiting.clear()
                while self._texts:
                    await self._socket.send_text(self._texts.popleft())
                for kind in sorted(self._binary):
                    await self._socket.send_bytes(self._binary.pop(kind))


class Pages:
    """All open pages. changed: called in the loop when pages come, go, hide or ask for something else."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._pages: set[Page] = set()
        self._entering: list[asyncio.Task[str]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def watching(self) -> bool:
        """Whether anybody looks."""
        return any(page.watching for page in self._pages)

    @property
    def open(self) -> bool:
        """Whether there is any page, looked at or not."""
        return bool(self._pages)

    @property
    def wants_picture(self) -> bool:
        """Whether anybody who looks asked for the camera's picture."""
        return any(page.watching and page.wants_picture for page in self._pages)

    async def serve(
        self,
        socket: WebSocket,
        admit: Callable[[object], str | None],
        greet: Callable[[Page], None],
        take: Callable[[Page, Message], None],
    ) -> None:
        """Hold one page's conversation until it leaves.

        admit: the session key for the key that the page shows first; None keeps it out, and it is told nothing.
        greet: once it is in. take: each JSON message it sends.
        """
        await socket.accept()
        session = admit(await self._shown_key(socket))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may have left
            if session is None:
                await socket.close(REFUSED)
                return
            await socket.send_json({"type": "entered", "key": session})
        self._loop = asyncio.get_running_loop()
        page = Page(socket)
        self._pages.add(page)
        writer = asyncio.create_task(page.write())
        try:
            self._changed()
            greet(page)
            while True:
                text = await socket.receive_text()
                try:
                    message = parse_json(text)
                except ForeignJsonError:
                    continue
                if isinstance(message, dict):
                    take(page, message)
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # it left; a binary message, which the page never sends, counts as leaving
        finally:
            self._pages.discard(page)
            writer.cancel()
            self._changed()

    async def _shown_key(self, socket: WebSocket) -> object:
        """What the first message gives as key; None for another message, for none in time, and for too many at once."""
        receiving = asyncio.create_task(socket.receive_text())
        self._entering.append(receiving)
        if len(self._entering) > MAX_ENTERING:
            self._entering[0].cancel()
        try:
            await asyncio.wait({receiving}, timeout=ENTRY_LIMIT_S)
            if not receiving.done() or receiving.cancelled():  # too late, or it gave way
                return None
            message = parse_json(receiving.result(), max_bytes=MAX_ENTRY_BYTES)
        except (ForeignJsonError, WebSocketDisconnect, RuntimeError, KeyError):
            return None
        finally:
            receiving.cancel()
            self._entering.remove(receiving)
        return message.get("key") if isinstance(message, dict) and message.get("do") == "enter" else None

    def tell(self, message: Message) -> None:
        """Send `message` to every page. From any thread."""
        self._in_loop(self._tell, json.dumps(message))

    def show(self, data: bytes) -> None:
        """Send a frame to every page that is looked at. From any thread."""
        self._in_loop(self._show, data)

    def show_picture(self, data: bytes) -> None:
        """Send a picture to every page that asked for it. From any thread."""
        self._in_loop(self._show_picture, data)

    def _in_loop(self, function: Callable[[Any], None], argument: object) -> None:
        loop = self._loop
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed when the window ends
            loop.call_soon_threadsafe(function, argument)

    def _tell(self, text: str) -> None:
        for page in self._pages:
            page.tell_text(text)

    def _show(self, data: bytes) -> None:
        for page in self._pages:
            if page.watching:
                page.show(data)

    def _show_picture(self, data: bytes) -> None:
        for page in self._pages:
            if page.watching and page.wants_picture:
                page.show(data)
