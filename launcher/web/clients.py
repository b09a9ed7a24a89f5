"""The connected browser pages: one websocket each, with its queue of outgoing messages."""

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
"""How long a page may take to send its key."""
MAX_UNAUTHENTICATED = 32
"""Beyond this many connections without a key, the oldest is dropped, so that strangers cannot lock users out."""
MAX_ENTRY_BYTES = 1000
REFUSED = 4401
"""Close code of a websocket with a missing or wrong key."""
TOO_LATE = 4408
"""Close code of a websocket whose key did not come in time: a page on a busy computer asks again."""
_SILENT = object()
MAX_QUEUED = 500
"""Messages kept for a page that does not read; the oldest are dropped."""


class Page:
    """One connected page. For use in the server's event loop only.

    Messages are queued in order; of frames and pictures only the newest is kept, so that a slow page never lags.
    is_guest: it only looks on, like the page for OBS.
    """

    def __init__(self, socket: WebSocket, is_guest: bool = False) -> None:
        self._socket = socket
        self.is_guest = is_guest
        self._texts: deque[str] = deque(maxlen=MAX_QUEUED)
        self._binary: dict[int, bytes] = {}
        self._waiting = asyncio.Event()
        self.watching = True
        """Whether the page is visible and receives frames."""
        self.wants_picture = False
        """Whether the user wants the camera picture."""

    def send(self, message: Message) -> None:
        """Queue `message` as JSON."""
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        """Queue a message that is JSON already."""
        self._texts.append(text)
        self._waiting.set()

    def send_latest(self, data: bytes) -> None:
        """Queue a binary message; it replaces an older one of its kind, which is the first byte."""
        self._binary[data[0]] = data
        self._waiting.set()

    async def close(self, code: int) -> None:
        """Disconnect it. code: what it is told."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may have disconnected
            await self._socket.close(code)

    async def write(self) -> None:
        """Send queued messages until the page disconnects."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._waiting.wait()
                self._waiting.clear()
                while self._texts:
                    await self._socket.send_text(self._texts.popleft())
                for kind in sorted(self._binary):
                    await self._socket.send_bytes(self._binary.pop(kind))


class Pages:
    """All connected pages. on_change: called in the event loop when pages come, go, hide or want other data."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._pages: set[Page] = set()
        self._unauthenticated: list[asyncio.Task[str]] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def watching(self) -> bool:
        """Whether any page is visible."""
        return any(page.watching for page in self._pages)

    @property
    def open(self) -> bool:
        """Whether any page is connected, visible or not."""
        return bool(self._pages)

    @property
    def wants_picture(self) -> bool:
        """Whether any visible page wants the camera picture."""
        return any(page.watching and page.wants_picture for page in self._pages if not page.is_guest)

    @property
    def guests(self) -> int:
        """The number of pages that only look on. From any thread."""
        return sum(page.is_guest for page in tuple(self._pages))

    async def serve(
        self,
        socket: WebSocket,
        admit: Callable[[object], str | None],
        on_connect: Callable[[Page], None],
        on_message: Callable[[Page, Message], None],
        on_bytes: Callable[[Page, bytes], None] = lambda page, data: None,
        on_disconnect: Callable[[Page], None] = lambda page: None,
    ) -> None:
        """Serve one page until it disconnects.

        admit: returns the session key for the key that the page sends first; None refuses the page.
        on_connect: called after that. on_message: called with each JSON message from the page, on_bytes with each
        binary one. on_disconnect: called at the end.
        """
        await socket.accept()
        key = await self._received_key(socket)
        session = None if key is _SILENT else admit(key)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # it may have disconnected
            if session is None:
                await socket.close(TOO_LATE if key is _SILENT else REFUSED)
                return
            await socket.send_json({"type": "entered", "key": session})
        page = Page(socket)
        try:
            await self._converse(page, socket, on_connect, on_message, on_bytes)
        finally:
            on_disconnect(page)

    async def serve_guest(
        self,
        socket: WebSocket,
        is_admitted: Callable[[], bool],
        on_connect: Callable[[Page], None],
        on_message: Callable[[Page, Message], None],
    ) -> None:
        """Serve a page that only looks on.

        is_admitted: whether the key in its address is valid; asked again here, as it may have been renewed meanwhile.
        """
        await socket.accept()
        page = Page(socket, is_guest=True)
        if is_admitted():
            await self._converse(page, socket, on_connect, on_message)
        else:
            await page.close(REFUSED)

    def close_guests(self) -> None:
        """Disconnect every page that only looks on. They do not ask again. In the server's event loop."""
        for page in [page for page in self._pages if page.is_guest]:
            self._pages.discard(page)  # nothing more is sent to it, even if it does not leave
            closing = asyncio.get_running_loop().create_task(page.close(REFUSED))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._on_change()

    async def _converse(
        self,
        page: Page,
        socket: WebSocket,
        on_connect: Callable[[Page], None],
        on_message: Callable[[Page, Message], None],
        on_bytes: Callable[[Page, bytes], None] = lambda page, data: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._pages.add(page)
        writer = asyncio.create_task(page.write())
        try:
            self._on_change()
            on_connect(page)
            while True:
                received = await socket.receive()
                if received["type"] != "websocket.receive":
                    break
                if received.get("bytes") is not None:
                    on_bytes(page, received["bytes"])
                    continue
                try:
                    message = parse_json(received.get("text") or "")
                except ForeignJsonError:
                    continue
                if isinstance(message, dict):
                    on_message(page, message)
        except (WebSocketDisconnect, RuntimeError):
            pass  # disconnected
        finally:
            self._pages.discard(page)
            writer.cancel()
            self._on_change()

    async def _received_key(self, socket: WebSocket) -> object:
        """The key in the first message; None for another message, `_SILENT` for none in time or too many at once."""
        receiving = asyncio.create_task(socket.receive_text())
        self._unauthenticated.append(receiving)
        if len(self._unauthenticated) > MAX_UNAUTHENTICATED:
            self._unauthenticated[0].cancel()
        try:
            await asyncio.wait({receiving}, timeout=ENTRY_LIMIT_S)
            if not receiving.done() or receiving.cancelled():  # timed out, or dropped
                return _SILENT
            message = parse_json(receiving.result(), max_bytes=MAX_ENTRY_BYTES)
        except (ForeignJsonError, WebSocketDisconnect, RuntimeError, KeyError):
            return None
        finally:
            receiving.cancel()
            self._unauthenticated.remove(receiving)
        return message.get("key") if isinstance(message, dict) and message.get("do") == "enter" else None

    def broadcast(self, message: Message, *, guests: bool = False) -> None:
        """Send `message` to every page, to those that only look on with `guests`. From any thread."""
        text = json.dumps(message)
        self._in_loop(self._broadcast_to_all if guests else self._broadcast, text)

    def broadcast_frame(self, data: bytes) -> None:
        """Send a frame to every visible page."""
        for page in self._pages:
            if page.watching:
                page.send_latest(data)

    def broadcast_picture(self, data: bytes) -> None:
        """Send a picture to every visible page that wants it. From any thread."""
        self._in_loop(self._broadcast_picture, data)

    def _in_loop(self, function: Callable[[Any], None], argument: object) -> None:
        loop = self._loop
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed at the end
            loop.call_soon_threadsafe(function, argument)

    def _broadcast(self, text: str) -> None:
        for page in self._pages:
            if not page.is_guest:
                page.send_text(text)

    def _broadcast_to_all(self, text: str) -> None:
        for page in self._pages:
            page.send_text(text)

    def _broadcast_picture(self, data: bytes) -> None:
        for page in self._pages:
            if page.watching and page.wants_picture:
                page.send_latest(data)
