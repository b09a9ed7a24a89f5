"""iFacialMocap's text format: pushed to a receiver, or sent to clients that request it as they would from a phone."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from protocol import ifacialmocap
from tracker.output.formats.scales import coefficients
from tracker.output.formats.sender import OneTimeWarning, ReceiverState
from tracker.output.resolver import SocketAddress, cannot_listen, listening_address
from tracker.output.subject import Angles, AvatarSubject, OutputFrame
from tracker.output.target import Target
from tracker.output.udp import TRANSIENT, open_udp_socket
from tracker.rate_limit import RateLimiter
from tracker.topology import BLENDSHAPE_NAMES

logger = logging.getLogger(__name__)

MAX_CLIENTS = 8
"""One more client replaces the one whose request is oldest."""
MAX_REQUESTS_PER_FRAME = 16
"""Datagrams examined per frame; a flood of them must not delay tracking."""

_NAMES = tuple(ifacialmocap.phone_name(name) for name in BLENDSHAPE_NAMES)


class IFacialMocapEncoder:
    """Encodes one text per frame; nothing without a face or before its first pose."""

    def __init__(self, version: int = 1, mirror: bool = False) -> None:
        self._version = version
        self._mirror = mirror

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One datagram, or none. Raises ValueError for values that cannot be sent."""
        subject = frame.subject_for(self._mirror)
        if subject is None or subject.head is None:
            return ()
        return (ifacialmocap.encode(_NAMES, coefficients(subject), _pose(subject), self._version),)


@dataclass(slots=True)
class _Client:
    """A machine that requested data. opened: the socket for sending to it."""

    address: SocketAddress
    version: int
    opened: socket.socket


class IFacialMocapPhone:
    """Takes the part of the phone: listens for requests and sends to the machines that made them.

    target: the address to listen at. reply_port: the port to send to, whatever port a request came from.
    Raises SettingsError when it cannot listen, usually because a receiver on this machine does already.
    """

    def __init__(self, target: Target, mirror: bool = False, reply_port: int = ifacialmocap.DEFAULT_PORT) -> None:
        self._encoders = {version: IFacialMocapEncoder(version, mirror) for version in ifacialmocap.VERSIONS}
        self._target = target
        self._rate_limit = RateLimiter(target.fps)
        self._warning = OneTimeWarning(str(target))
        self._reply_port = reply_port
        self._clients: dict[str, _Client] = {}  # by host, oldest request first
        self.sent = 0
        self.errors = 0
        try:
            family, address = listening_address(target)
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind(address)
        except OSError as error:
            advice = "to send to a program on this machine use ifacialmocap://127.0.0.1 instead"
            raise cannot_listen(target, error, advice) from error

    @property
    def port(self) -> int:
        """Where questions are heard."""
        return int(self._socket.getsockname()[1])

    def states(self) -> Sequence[ReceiverState]:
        """Whether anybody asked."""
        return [ReceiverState(self._target, "connected" if self._clients else "listening")]

    def send(self, frame: OutputFrame) -> None:
        """Hear who asks, and send what `frame` shows to everyone who did."""
        self._listen()
        if not self._rate_limit.allows(frame.result.media_s) or not self._clients:
            return
        try:
            texts = {
                version: self._encoders[version].encode(frame)
                for version in {client.version for client in self._clients.values()}
            }
        except ValueError as error:
            self._warning.report(error)
            return
        for client in self._clients.values():
            for text in texts[client.version]:
                self._send(text, client)

    def close(self) -> None:
        """Close the sockets. Safe to call twice."""
        while self._clients:
            self._forget(next(iter(self._clients)))
        self._socket.close()

    def _listen(self) -> None:
        """Hear who asks. What a client sends from its reply port arrives at the socket that is connected to it."""
        left = MAX_REQUESTS_PER_FRAME
        for listening in {self._socket, *(client.opened for client in self._clients.values())}:
            while left > 0:
                left -= 1
                try:
                    datagram, sender = listening.recvfrom(2048)
                except BlockingIOError:
                    break
                except OSError:  # an answer that did not arrive, as Windows tells it, or a datagram that is too long
                    continue
                version = ifacialmocap.asked_version(datagram)
                if version is not None:
                    self._remember(sender, version)

    def _remember(self, sender: SocketAddress, version: int) -> None:
        host = str(sender[0])
        client = self._clients.pop(host, None)
        if client is None:
            logger.info("%s asked for iFacialMocap's data, version %d", host, version)
            address = (host, self._reply_port, *sender[2:])
            client = _Client(address, version, _answering_socket(self._socket, address))
        client.version = version
        self._clients[host] = client
        while len(self._clients) > MAX_CLIENTS:
            self._forget(next(iter(self._clients)))

    def _forget(self, host: str) -> None:
        self._close(self._clients.pop(host))

    def _close(self, client: _Client) -> None:
        if client.opened is not self._socket:
            client.opened.close()

    def _send(self, text: bytes, client: _Client) -> None:
        for _ in range(2):
            try:
                client.opened.sendto(text, client.address)
            except ConnectionRefusedError:  # tells of an earlier datagram, and this one was not sent
                continue
            except OSError as error:  # whoever does not listen any more asks again when they do
                if error.errno not in TRANSIENT:
                    self._close(client)  # a connected socket keeps this computer's address of then, a new lease or not
                    client.opened = _answering_socket(self._socket, client.address)
                break
            self.sent += 1
            return
        self.errors += 1


def _answering_socket(listening: socket.socket, address: SocketAddress) -> socket.socket:
    """A socket for `address` alone that sends from the port requests are heard at.

    See `udp.open_udp_socket` for why everybody needs one. A phone answers from the port it was asked at, which
    firewalls on the way rely on. Linux hands what a peer sends to the socket connected to it; elsewhere `listening`
    itself is used, where packets for absent hosts are not charged to it.
    """
    if sys.platform != "linux":
        return listening
    try:
        answering = open_udp_socket(listening.family)
    except OSError:  # too many open files
        return listening
    try:
        for each in (listening, answering):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        answering.bind(listening.getsockname())
        answering.connect(address)
    except OSError:
        answering.close()
        return listening
    finally:  # one socket without it keeps other programs from taking the port as well
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return answering


def _pose(subject: AvatarSubject) -> ifacialmocap.Pose:
    head = subject.head
    if head is None:
        raise ValueError("the pose of the head is unknown")
    right, left = subject.gaze
    x, y, z = (0.01 * value for value in head.position_cm)
    return ifacialmocap.Pose(_rotation(head.angles), (x, y, -z), _rotation(right), _rotation(left))


def _rotation(angles: Angles) -> ifacialmocap.Vector:
    """In ARKit's right-handed axes, in which positive yaw turns to the subject's left."""
    return (angles.pitch, -angles.yaw, -angles.roll)
