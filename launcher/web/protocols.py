"""What uvicorn's connections lack: a limit on how long one may be silent, and an end without an error."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

FIRST_REQUEST_LIMIT_S = 5.0
"""How long a connection may take to send its first request."""
MAX_SILENT = 64
"""So many connections may be about to; the one that has waited longest gives way to the next."""


class HttpProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's, which lets a connection be silent for ever: strangers would use up the process's file descriptors."""

    silent: ClassVar[list[HttpProtocol]] = []
    """Those without a request, who has waited longest first."""

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._deadline = asyncio.get_running_loop().call_later(FIRST_REQUEST_LIMIT_S, transport.close)
        if len(self.silent) >= MAX_SILENT:
            self.silent[0].transport.close()
            self.silent[0]._heard()
        self.silent.append(self)

    def data_received(self, data: bytes) -> None:
        """Wait no longer once there is a request."""
        super().data_received(data)
        if self.cycle is not None:
            self._heard()

    def handle_websocket_upgrade(self, *arguments: Any) -> None:
        """The connection becomes a websocket, which has its own limit."""
        self._heard()
        super().handle_websocket_upgrade(*arguments)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._heard()
        super().connection_lost(exc)

    def _heard(self) -> None:
        self._deadline.cancel()
        if self in self.silent:
            self.silent.remove(self)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which raises an error at the end of the server for a connection whose other side is just leaving."""

    def shutdown(self) -> None:
        """Say goodbye where that is still possible, and hang up."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()
