"""Receives the tracker's datagrams for the pages, on a separate loopback port, while any page is visible.

Two kinds arrive at the same port: OpenSeeFace's records, and before each of them the same frame as JSON, which has the
coefficients that the records lack.
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
from protocol import facejson, openseeface
from protocol.foreign_json import ForeignJsonError, parse_json

MAX_RATE_HZ = 30.0
"""The highest frame rate that the page receives."""
_EARLY_S = 0.01
_LARGEST_DATAGRAM = 65535
_JSON_START = b'{"format":"' + facejson.FORMAT.encode()


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


def read_coefficients(data: bytes) -> dict[int, npt.NDArray[np.uint8]]:
    """ARKit's coefficients by face id in one packed JSON datagram. Empty for anything else."""
    try:
        faces = parse_json(data)["packed"]
        return {
            int(face["id"]): np.frombuffer(bytes.fromhex(face["sent"] + face["measured"]), np.uint8).reshape(SHAPE)
            for face in faces
        }
    except (ForeignJsonError, KeyError, OverflowError, TypeError, ValueError):
        return {}


class LiveView:
    """A receiver of OpenSeeFace datagrams, and of the coefficients that belong to them, on 127.0.0.1.

    deliver: called with each packed frame, in the server's event loop, which reads the port itself: a thread of its own
    would wake twice for each frame. While no page is visible nothing is read, and the system discards what the tracker
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
        self._coefficients: dict[int, npt.NDArray[np.uint8]] = {}
        self._json: bytes | None = None  # parsed only if its frame is shown

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
        if data.startswith(_JSON_START):
            self._json = data
            return
        self._received += 1
        if not self._pacer.take(time.monotonic()):
            return
        try:
            records = openseeface.decode(data)
        except openseeface.PacketError:
            return  # any program of this machine can send here; invalid records are not shown
        latency_ms = (self._clock() - records[0].time) * 1000.0
        if self._json is not None:
            self._coefficients = read_coefficients(self._json)
            self._json = None
        self._deliver(pack_frame(records, self._received, latency_ms, self._coefficients))
