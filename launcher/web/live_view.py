"""Receives the tracker's datagrams for the pages, on a separate loopback port, while any page is visible.

They are packed JSON (`protocol.facejson.encode_packed`): OpenSeeFace's records, and the coefficients that those lack.
One datagram a frame, since each wakes the process.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from launcher.web.frames import SHAPE, pack_frame
from protocol import openseeface
from protocol.foreign_json import parse_json
from protocol.openseeface import FaceRecord

MAX_RATE_HZ = 30.0
"""The highest frame rate that the page receives."""
_EARLY_S = 0.01
_LARGEST_DATAGRAM = 65535


class RateLimiter:
    """Passes at most `rate_hz` events per second on average, without beating against a source of that rate."""

    def __init__(self, rate_hz: float) -> None:
        self._period = 1.0 / rate_hz
        self._due = 0.0

    def take(self, now: float) -> bool:
        """Whether an event at `now` (seconds, any origin) passes. Slightly early counts as due."""
        if now < self._due - _EARLY_S:
            return False
        self._due = max(self._due, now - _EARLY_S) + self._period
        return True


def read_packed(data: bytes) -> tuple[list[FaceRecord], dict[int, npt.NDArray[np.uint8]]]:
    """The records of a datagram, and ARKit's coefficients by face id. Raises ValueError for anything else.

    Any program of this machine can send here.
    """
    try:
        body = parse_json(data)
        coefficients = {
            int(face["id"]): np.frombuffer(bytes.fromhex(face["sent"] + face["measured"]), np.uint8).reshape(SHAPE)
            for face in body["packed"]
        }
        return openseeface.decode(bytes.fromhex(body["records"])), coefficients
    except (KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"not a packed frame: {error!r}") from error


class LiveView:
    """A receiver of packed frames on 127.0.0.1.

    deliver: called with each packed frame, in the server's event loop, which reads the port itself: a thread of its own
    would be one more to wake. While no page is visible nothing is read, and the system discards what the tracker
    sends. All but `port` and `close` is for that loop.
    """

    def __init__(self, deliver: Callable[[bytes], None], clock: Callable[[], float] = time.time) -> None:
        """clock: seconds since 1970, like the records' time."""
        self._deliver = deliver
        self._clock = clock
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._reading: asyncio.Task[None] | None = None
        self._pacer = RateLimiter(MAX_RATE_HZ)
        self._received = 0

    @property
    def port(self) -> int:
        """The port that the tracker must send to."""
        port: int = self._socket.getsockname()[1]
        return port

    def watch(self, wanted: bool) -> None:
        """Start or suspend receiving."""
        if wanted and self._reading is None:
            self._drop_old()
            self._reading = asyncio.get_running_loop().create_task(self._read())
        elif not wanted and self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def close(self) -> None:
        """Close the port. After the loop has ended, or `watch` has suspended receiving."""
        self._socket.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await loop.sock_recv(self._socket, _LARGEST_DATAGRAM)
            except OSError:  # Windows reports unreachable receivers of earlier sends here
                if self._socket.fileno() < 0:
                    return
                continue
            if data:
                self._take(data)

    def _drop_old(self) -> None:
        """Discard what the system queued while nothing was received."""
        with suppress(OSError):
            while True:
                self._socket.recv(_LARGEST_DATAGRAM)

    def _take(self, data: bytes) -> None:
        self._received += 1
        if not self._pacer.take(time.monotonic()):
            return
        try:
            records, coefficients = read_packed(data)
            latency_ms = (self._clock() - records[0].time) * 1000.0
            message = pack_frame(records, self._received, latency_ms, coefficients)
        except (ValueError, OverflowError):
            return  # also a frame without a face, or a time that no message can hold
        self._deliver(message)
