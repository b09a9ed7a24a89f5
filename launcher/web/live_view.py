"""Receives the tracker's datagrams for the pages, on a separate loopback port, while any page is visible.

Two kinds arrive at the same port: OpenSeeFace's records, and before each of them the same frame as JSON, which has the
coefficients that the records lack.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from launcher.web.frames import ARKIT_NAMES, pack_frame
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


def read_coefficients(data: bytes) -> dict[int, npt.NDArray[np.float32]]:
    """ARKit's coefficients by face id in one JSON datagram; empty for anything else."""
    try:
        faces = parse_json(data)["faces"]
        return {
            int(face["id"]): np.array([face["blendshapes"][name] for name in ARKIT_NAMES], np.float32) for face in faces
        }
    except (ForeignJsonError, KeyError, TypeError, ValueError):
        return {}


class LiveView:
    """A receiver of OpenSeeFace datagrams, and of the coefficients that belong to them, on 127.0.0.1.

    deliver: called with each packed frame, in this object's thread. While no page is visible the thread sleeps without
    a timer, and the system discards what the tracker sends.
    """

    def __init__(self, deliver: Callable[[bytes], None], clock: Callable[[], float] = time.time) -> None:
        """clock: seconds since 1970, like the records' time."""
        self._deliver = deliver
        self._clock = clock
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._wanted = threading.Event()
        self._closed = False
        self._pacer = RateLimiter(MAX_RATE_HZ)
        self._received = 0
        self._coefficients: dict[int, npt.NDArray[np.float32]] = {}
        self._json: bytes | None = None  # parsed only if its frame is shown
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that the tracker must send to."""
        port: int = self._socket.getsockname()[1]
        return port

    def watch(self, wanted: bool) -> None:
        """Start or suspend receiving."""
        if wanted:
            self._wanted.set()
        elif self._wanted.is_set():
            self._wanted.clear()
            self._wake()

    def close(self) -> None:
        """Stop receiving and close the port."""
        self._closed = True
        self._wanted.set()
        self._wake()
        self._thread.join(timeout=2.0)
        self._socket.close()

    def _wake(self) -> None:
        # An empty datagram to ourselves ends the blocking recv on every system; closing the socket does not.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self._socket.getsockname())

    def _run(self) -> None:
        while True:
            if not self._wanted.is_set():
                self._wanted.wait()
                self._drop_old()
            if self._closed:
                return
            try:
                data = self._socket.recv(_LARGEST_DATAGRAM)
            except OSError:  # Windows reports unreachable receivers of earlier sends here
                continue
            if data:
                self._take(data)

    def _drop_old(self) -> None:
        """Discard what the system queued while nothing was received."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(_LARGEST_DATAGRAM)
        except OSError:
            self._socket.setblocking(True)

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
