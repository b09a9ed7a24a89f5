"""A listening socket that strangers cannot exhaust: connections are counted before anything is read from them."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_PAUSE_S = 0.2


class LimitedListener(socket.socket):
    """Accepts connections, of which at most `most_unsettled` may not have said yet what they want.

    One more takes the place of the oldest of them, which is closed: whoever means it is settled within milliseconds,
    and who stays silent is in nobody's way. Running out of descriptors is waited out. Made for servers that call
    `accept` in a loop, end it when that raises, and give each connection a thread.

    Raises OSError where nobody may listen at `address`.
    """

    def __init__(self, family: socket.AddressFamily, address: tuple[Any, ...], most_unsettled: int = 16) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._most_unsettled = most_unsettled
        self._unsettled: dict[Any, socket.socket] = {}  # by the other end's address, oldest first
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._told_exhausted = False
        try:
            if os.name == "posix":  # elsewhere this would let two programs share the port
                self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.bind(address)
            self.listen()
            self.settimeout(_PAUSE_S)  # a close does not wake who waits in `accept`
        except OSError:
            super().close()
            raise

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that is let in. Raises OSError once the listener is closed."""
        while True:
            if self._closing.is_set():
                raise OSError(errno.EBADF, "the listener is closed")
            try:
                connection, address = super().accept()
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._wait_out(error)
                    continue
                if error.errno in (errno.ECONNABORTED, errno.EINTR, errno.EPERM, errno.EPROTO):
                    continue  # the other side went first, or a firewall said no
                raise
            with self._changing:
                self._forget_closed()
                while len(self._unsettled) >= self._most_unsettled:
                    self._drop_oldest()
                self._unsettled[address] = connection
            return connection, address

    def settle(self, address: Any) -> None:
        """The connection from `address` said what it wants: it is not closed for another one any more."""
        with self._changing:
            self._unsettled.pop(address, None)

    def close(self) -> None:
        """Accept nobody any more, and hang up on everybody who is not settled. Safe to call twice."""
        self._closing.set()
        with self._changing:
            while self._unsettled:
                self._drop_oldest()
        super().close()

    def _forget_closed(self) -> None:
        for address in [address for address, connection in self._unsettled.items() if connection.fileno() < 0]:
            del self._unsettled[address]

    def _drop_oldest(self) -> None:
        """The thread that reads from it sees its end, and closes it."""
        oldest = self._unsettled.pop(next(iter(self._unsettled)))
        with suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)

    def _wait_out(self, error: OSError) -> None:
        if not self._told_exhausted:
            self._told_exhausted = True
            logger.warning("no further connection can be served now (%s); trying again", error.strerror)
        with self._changing:
            if self._unsettled:
                self._drop_oldest()
        self._closing.wait(_PAUSE_S)
