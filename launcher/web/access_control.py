"""Refuses foreign requests: checks Host and Origin of every request and websocket before the application sees it.

Any web page can make the user's browser send requests to 127.0.0.1. Two checks stop that. The Host header must name
this server, so that a foreign name that resolves to 127.0.0.1 (DNS rebinding) is refused. An Origin header must name
this server too, and websockets must have one, because browsers let every page open a websocket to any host.

Other users of the machine, and other machines, pass both checks. They can read the page's files, which hold no secret;
the key that a websocket must send first is checked in `access_keys.py` and `clients.py`. The page for OBS and the
avatar itself lie below an address that contains a key.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

GUESTS = "/obs/"
"""Below this, and a key, lies the page that only shows the avatar."""
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        # blob: and data: are textures and buffers inside an avatar the user opened. Nothing may leave this server.
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        b"connect-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class AccessControl:
    """An ASGI middleware that passes only requests of the window's own page to `app`.

    host, port: what the server is bound to. guest_key: the key in addresses below `GUESTS`.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, guest_key: Callable[[], str] = lambda: "") -> None:
        self._guest_key = guest_key
        self._app = app
        self._host = host
        self._port = port
        self._any_address = not is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request, or refuse it with 403 for a foreign Host or Origin."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        status, reason = self._verdict(scope)
        if status is not None:
            await _refuse(scope, receive, send, status, reason)
            return
        await self._app(scope, receive, _with_headers(send))

    def _verdict(self, scope: Scope) -> tuple[int | None, str]:
        """The status to refuse with and the reason; None to forward."""
        hosts = _headers(scope, b"host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return 403, "this address does not belong to the facetracker window"
        origins = _headers(scope, b"origin")
        if len(origins) > 1 or any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            return 403, "another web page may not use the facetracker window"
        if scope["type"] == "websocket" and not origins:
            return 403, "a websocket must have an Origin header"
        if scope["path"].startswith(GUESTS) and not self._knows_guest_key(scope["path"]):
            return 404, "this address for OBS is not valid any more; copy it from the window again"
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            return 405, "only GET and HEAD are supported"
        return None, ""

    def _knows_guest_key(self, path: str) -> bool:
        key, given = self._guest_key(), path[len(GUESTS) :].partition("/")[0]
        return bool(key) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())

    def _is_ours(self, header: str) -> bool:
        name, colon, port = header.lower().rpartition(":")
        if not colon or port.endswith("]"):
            name, port = header.lower(), "80"
        if port != str(self._port):
            return False
        if name in _LOOPBACK_NAMES or name == _bracketed(self._host):
            return True
        # Bound to more than loopback, the page is requested by any address of the machine. Rebinding needs a name, so
        # every address is accepted.
        return self._any_address and _is_address(name)


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def _bracketed(host: str) -> str:
    return f"[{host.lower()}]" if ":" in host else host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})  # before accepting: answered with 403
        return
    await _respond(send, status, reason.encode() + b"\n", ((b"content-type", b"text/plain; charset=utf-8"),))


async def _respond(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *SECURITY_HEADERS, length]})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            # no-cache: revalidate each time, so that the page after an update is never a mixture of two versions.
            message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS, (b"cache-control", b"no-cache")]
        await send(message)

    return send_with_headers
