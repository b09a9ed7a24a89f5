"""Sends datagrams over UDP, tolerating receivers that are absent or disappear."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tracker.output.resolver import Resolution, Resolve, Resolver, SocketAddress, resolve
from tracker.output.target import Target

logger = logging.getLogger(__name__)

REFUSED_S = 1.0
"""A receiver that refused a datagram so lately is not there."""
RETRY_S = 5.0
"""Pause before an unreachable receiver is tried again."""

# macOS refuses datagrams above 9216 bytes (five faces) unless the socket's send buffer is larger.
_SEND_BUFFER_BYTES = 1 << 17

# Transient, and free to retry with the next frame: nobody listens (yet), as an ICMP reply to an earlier datagram
# reported, or the network card is busy.
TRANSIENT = {errno.ECONNREFUSED, errno.ECONNRESET, errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS}


def open_udp_socket(family: socket.AddressFamily) -> socket.socket:
    """A non-blocking socket to send from; every destination needs its own.

    Linux charges packets that wait for a host's link-layer address (ARP) to the socket they were sent from. With a
    shared socket, two switched-off hosts fill its buffer, and datagrams to everybody else are refused meanwhile.
    """
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    if family == socket.AF_INET:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return opened


@dataclass(slots=True)
class _Receiver:
    """The state of one target; used by the sending thread only."""

    target: Target
    opened: socket.socket | None = None
    connected_to: SocketAddress | None = None
    resolution: Resolution | None = None
    asked: bool = False
    retry_at: float = 0.0
    failed_at: float = 0.0
    reported: bool = False
    refused_at: float | None = None
    state: str = "sending"
    errors: int = 0
    sent: int = 0

    def close(self) -> None:
        """Close the socket; the next datagram opens another."""
        if self.opened is not None:
            self.opened.close()
            self.opened = None


class UdpChannel:
    """Delivers datagrams of all formats to all targets reached over UDP.

    Sending never blocks and never raises: errors are counted, reported once per target until it works again, and
    retried every five seconds. Every target has a socket of its own, so that an absent one does not affect the others.
    It is kept while the target can be reached, because receivers may remember the sender's port. Used from one thread.
    """

    def __init__(
        self, targets: Iterable[Target], resolve: Resolve = resolve, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._receivers = {target: _Receiver(target) for target in targets}
        self._resolver = None if all(target.is_address for target in self._receivers) else Resolver(resolve)
        for receiver in self._receivers.values():
            self._look_up(receiver)

    @property
    def sent(self) -> int:
        """Number of datagrams sent so far."""
        return sum(receiver.sent for receiver in self._receivers.values())

    @property
    def errors(self) -> int:
        """Number of datagrams and look-ups that failed so far."""
        return sum(receiver.errors for receiver in self._receivers.values())

    def states(self) -> dict[Target, str]:
        """``sending``, ``nobody``, ``unknown_host`` or ``unreachable`` for each target. From any thread."""
        return {target: receiver.state for target, receiver in self._receivers.items()}

    def take_answers(self) -> None:
        """Take over resolved host names. Call it regularly, even while there is nothing to send."""
        if self._resolver is not None:
            for target, answer in self._resolver.answers():
                self._take_answer(self._receivers[target], answer)

    def send(self, target: Target, datagrams: Sequence[bytes]) -> None:
        """Send `datagrams`, in order, to one of the channel's targets."""
        receiver = self._receivers[target]
        if self._clock() < receiver.retry_at:
            return
        if receiver.resolution is None:
            if not receiver.asked:
                self._look_up(receiver)
            return
        family, address = receiver.resolution
        try:
            for data in datagrams:
                self._send_one(receiver, family, address, data)
                receiver.sent += 1
        except OSError as error:
            transient = error.errno in TRANSIENT
            receiver.state = "nobody" if isinstance(error, ConnectionError) else "unreachable"
            self._failed(receiver, f"cannot send to {target} ({_reason(error)})", pause=not transient)
            if not transient:
                receiver.close()  # a connected socket keeps this computer's address of then, a new lease or not
                if not target.is_address:
                    receiver.resolution = None  # by then the name may resolve to another address
            return
        refused = receiver.refused_at is not None and self._clock() - receiver.refused_at < REFUSED_S
        receiver.state = "nobody" if refused else "sending"
        # On some systems an absent receiver makes only every other datagram fail; that is not a recovery.
        if receiver.reported and self._clock() - receiver.failed_at >= RETRY_S:
            receiver.reported = False
            logger.warning("sending to %s again", target)

    def _send_one(self, receiver: _Receiver, family: socket.AddressFamily, address: SocketAddress, data: bytes) -> None:
        opened = _socket_of(receiver, family, address)
        try:
            opened.send(data)
        except ConnectionError:  # tells that nobody took an earlier datagram, and this one was not sent
            receiver.refused_at = self._clock()
            opened.send(data)

    def close(self) -> None:
        """Close the sockets. Safe to call twice."""
        if self._resolver is not None:
            self._resolver.close()
        for receiver in self._receivers.values():
            receiver.close()

    def _look_up(self, receiver: _Receiver) -> None:
        if self._resolver is None or receiver.target.is_address:
            self._take_answer(receiver, _resolved_now(receiver.target))
        else:
            receiver.asked = True
            self._resolver.ask(receiver.target)

    def _take_answer(self, receiver: _Receiver, answer: Resolution | OSError) -> None:
        receiver.asked = False
        if isinstance(answer, OSError):
            receiver.state = "unknown_host"
            self._failed(receiver, f"host {receiver.target.host} is unknown ({_reason(answer)})", pause=True)
        else:
            receiver.resolution = answer

    def _failed(self, receiver: _Receiver, what: str, pause: bool) -> None:
        receiver.errors += 1
        receiver.failed_at = self._clock()
        if pause:
            receiver.retry_at = receiver.failed_at + RETRY_S
        if not receiver.reported:
            receiver.reported = True
            then = f", retrying every {RETRY_S:g} s" if pause else ""
            logger.warning("%s; tracking continues%s", what, then)


def _socket_of(receiver: _Receiver, family: socket.AddressFamily, address: SocketAddress) -> socket.socket:
    """Connected, so that the system tells when nobody listens there."""
    if receiver.opened is not None and receiver.opened.family != family:  # the name resolves to another family now
        receiver.close()
    if receiver.opened is None:
        receiver.opened = open_udp_socket(family)
        receiver.connected_to = None
    if receiver.connected_to != address:
        receiver.opened.connect(address)
        receiver.connected_to = address
    return receiver.opened


def _resolved_now(target: Target) -> Resolution | OSError:
    try:
        return resolve(target)
    except OSError as error:  # an address of a family that this system does not have
        return error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
