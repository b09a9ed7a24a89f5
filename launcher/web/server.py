"""The window's web server: the page, its files and one websocket per page."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import importlib.util
import mimetypes
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from launcher.errors import LauncherError
from launcher.signals import stop_signals
from launcher.web.access_control import GUESTS, AccessControl
from launcher.web.protocols import HttpProtocol, WebSocketProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from launcher.web.access_keys import AccessKeys
    from launcher.web.controller import Controller

# Windows reads these from its registry, which other programs change, and browsers refuse modules of another type.
for suffix, kind in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(kind, suffix)

STATIC = Path(__file__).parent / "static"
MAX_MESSAGE_BYTES = 1 << 20
"""Longer messages from a page are refused; its settings take about 1000 bytes."""
GRACE_S = 1


def three_js() -> Path:
    """The file of three.js and its glTF loader that NiceGUI contains.

    Raises LauncherError when NiceGUI is not installed or keeps it elsewhere.
    """
    spec = importlib.util.find_spec("nicegui")  # not imported, which takes half a second
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        path = Path(folder) / "elements" / "scene" / "dist" / "index.js"
        if path.is_file():
            return path
    raise LauncherError(
        "the 3D library was not found in NiceGUI: install a version that has it with 'pip install \"nicegui>=3,<4\"'"
    )


def build_app(controller: Controller, keys: AccessKeys, host: str, port: int) -> ASGIApp:
    """The application behind its access control. keys: admit pages. host, port: the address it is bound to."""
    three = three_js()
    stage = controller.stage

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def three_d(request: Request) -> Response:
        return FileResponse(three, media_type="text/javascript")

    async def conversation(socket: WebSocket) -> None:
        on_connect, on_message = controller.on_connect, controller.on_message
        await controller.pages.serve(
            socket, keys.admit, on_connect, on_message, controller.on_bytes, stage.on_disconnect
        )

    async def for_obs(request: Request) -> Response:
        return FileResponse(STATIC / "obs.html")

    async def kept(request: Request) -> Response:
        path = stage.storage.file(request.path_params["kind"])
        if path is None:
            return PlainTextResponse("no such file is kept", 404)
        return FileResponse(path, media_type="application/octet-stream")

    async def guest(socket: WebSocket) -> None:
        def is_admitted() -> bool:
            return hmac.compare_digest(socket.path_params["key"].encode(), stage.storage.key.encode())

        await controller.pages.serve_guest(socket, is_admitted, controller.on_connect, controller.on_message)

    # A page for OBS has all it needs below an address of its own, which contains its key. So has the avatar, which
    # other users of this machine should not copy.
    files = StaticFiles(directory=STATIC)
    own = f"{GUESTS}{{key}}"

    routes = [
        Route("/", page),
        Route("/three.js", three_d),
        WebSocketRoute("/page", conversation),
        Mount("/static", files),
        Route(f"{own}/", for_obs),
        Route(f"{own}/three.js", three_d),
        Route(f"{own}/kept/{{kind}}", kept),
        WebSocketRoute(f"{own}/page", guest),
        Mount(f"{own}/static", files),
    ]
    return AccessControl(Starlette(routes=routes), host, port, guest_key=lambda: stage.storage.key)


class Server(uvicorn.Server):
    """A server that sleeps until something arrives: uvicorn's own wakes ten times a second to check whether to end."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                http=HttpProtocol,
                ws=WebSocketProtocol,
                ws_max_size=MAX_MESSAGE_BYTES,
                ws_per_message_deflate=False,  # frames hardly shrink, and it costs more than sending them
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Wait for `end`."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)  # sets the default headers
        if not self.should_exit:
            await self._ended.wait()

    def end(self) -> None:
        """Stop serving. From any thread or signal handler."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the server only; its caller then stops the tracker."""
        with stop_signals(self.end):
            yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `host` and `port`, or on a free port when that one is taken.

    Raises LauncherError for a host that is not an address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise LauncherError(f"the host {host!r} cannot be resolved: {error.strerror}") from error
    for tried in (port, 0):
        try:
            return socket.create_server((address[0], tried), family=family)
        except OSError as error:
            failure = error
    raise LauncherError(f"the window cannot listen on {host}: {failure.strerror}") from failure
