"""A WebSocket server that sends every frame as JSON to all connected pages and programs."""

from __future__ import annotations

import http
import ipaddress
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protocol.foreign_json import printable
from tracker.handoff import HandoffQueue
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.formats.sender import OneTimeWarning, ReceiverState
from tracker.output.formats.websocket_library import require_websockets
from tracker.output.limited_listener import LimitedListener
from tracker.output.resolver import cannot_listen, listening_address
from tracker.output.subject import OutputFrame
from tracker.output.target import Target
from tracker.rate_limit import RateLimiter

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 16
OPEN_LIMIT_S = 3.0
"""How long a connection may take to say what it wants."""
CLOSE_LIMIT_S = 0.3
ANY_ORIGIN = "*"

_MAX_INCOMING_BYTES = 1024  # clients have nothing to send
_MAX_REFUSALS_LOGGED = 20
_IDLE_CHECK_S = 1.0

# The library logs every failed handshake with a traceback, which does not concern the user.
_QUIET = logging.getLogger(f"{__name__}.connections")
_QUIET.setLevel(logging.CRITICAL)


class JsonServer:
    """Sends the newest frame to each client as fast as it accepts them; a slow client gets fewer and delays nobody.

    A web page is admitted if it was served by this machine or by one of `origins` (such as ``https://example.org``;
    ``*`` admits all). Otherwise every site the user visits could watch their face. A program, which sends no origin, is
    admitted by the address it can reach: by default this machine only.

    target: the address to listen at. Raises SettingsError when that is not possible or the library is missing.
    """

    def __init__(self, target: Target, encoder: JsonEncoder, origins: frozenset[str] = frozenset()) -> None:
        require_websockets(target)
        from websockets.sync.server import serve

        self._target = target
        self._encoder = encoder
        self._origins = origins
        self._rate_limit = RateLimiter(target.fps)
        self._warning = OneTimeWarning(str(target))
        self._connections: dict[ServerConnection, HandoffQueue[str]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._refused: set[str] = set()
        self.sent = 0
        self.errors = 0
        try:
            family, address = listening_address(target)
            self._listener = LimitedListener(family, address)
            self._server = serve(
                self._serve,
                sock=self._listener,
                process_request=self._admit,
                compression=None,  # a few kilobytes per frame within this machine are not worth the time
                open_timeout=OPEN_LIMIT_S,
                close_timeout=CLOSE_LIMIT_S,
                max_size=_MAX_INCOMING_BYTES,
                logger=_QUIET,
            )
        except OSError as error:
            raise cannot_listen(target, error, "choose another port") from error
        # The connections' threads inherit being daemons, so that none can delay the end of the program.
        self._thread = threading.Thread(target=self._server.serve_forever, name="json-server", daemon=True)
        self._thread.start()

    def states(self) -> Sequence[ReceiverState]:
        """Whether anybody is connected."""
        return [ReceiverState(self._target, "connected" if self._connections else "listening")]

    def send(self, frame: OutputFrame) -> None:
        """Queue the text of `frame` for every client."""
        if not self._rate_limit.allows(frame.result.media_s) or not self._connections:
            return
        try:
            (data,) = self._encoder.encode(frame)
        except ValueError as error:
            self._warning.report(error)
            return
        text = data.decode()
        for queue in self._queues():
            queue.put(text)

    def close(self) -> None:
        """Close all connections, waiting briefly. Safe to call twice."""
        with self._lock:
            self._closing = True
        for queue in self._queues():
            queue.close()
        self._listener.close()
        # The library waits for every connection's thread.
        ending = threading.Thread(target=self._server.shutdown, name="json-server-end", daemon=True)
        ending.start()
        ending.join(2 * CLOSE_LIMIT_S)
        self._thread.join(CLOSE_LIMIT_S)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None to admit a connection, else the response that refuses it."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        origins = request.headers.get_all("Origin")
        if all(self._may_read(origin) for origin in origins):
            return None
        self._log_refusal(printable(origins[0], 100))
        return connection.respond(http.HTTPStatus.FORBIDDEN, "this origin may not read the face\n")

    def _log_refusal(self, origin: str) -> None:
        """Warn once per origin, and not endlessly: a page can try as often as it likes."""
        if origin not in self._refused and len(self._refused) < _MAX_REFUSALS_LOGGED:
            self._refused.add(origin)
            logger.warning("refused a web page from %s; add ?origin=%s to the target to admit it", origin, origin)

    def _may_read(self, origin: str) -> bool:
        return ANY_ORIGIN in self._origins or origin in self._origins or is_local_origin(origin)

    def _serve(self, connection: ServerConnection) -> None:
        """Send until either side ends. Runs in the connection's thread."""
        from websockets.exceptions import ConnectionClosed

        self._listener.settle(connection.remote_address)
        queue: HandoffQueue[str] = HandoffQueue()
        with self._lock:
            if self._closing:
                return
            self._connections[connection] = queue
        try:
            while not queue.ended:
                text = queue.take(_IDLE_CHECK_S)
                self._discard_incoming(connection)
                if text is not None:
                    connection.send(text)
                    with self._lock:
                        self.sent += 1
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                del self._connections[connection]

    def _queues(self) -> list[HandoffQueue[str]]:
        with self._lock:
            return list(self._connections.values())

    def _discard_incoming(self, connection: ServerConnection) -> None:
        try:
            for _ in range(16):
                connection.recv(timeout=0)
        except TimeoutError:
            pass


def is_local_origin(origin: str) -> bool:
    """Whether a web page was served by this machine.

    Pages opened from files have the origin ``null``, and so have pages that a foreign site hides in a frame: not local.
    """
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https"):
            return False
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
