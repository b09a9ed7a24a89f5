"""iFacialMocap's text: pushed to a receiver, or sent to whoever asks for it as it would ask a phone."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence

from protocol import ifacialmocap
from tracker.output.formats.scales import coefficients
from tracker.output.formats.sender import OneTimeWarning
from tracker.output.resolver import SocketAddress, cannot_listen, listening_address
from tracker.output.subject import Angles, AvatarSubject, OutputFrame
from tracker.output.target import Target
from tracker.rate_limit import RateLimiter
from tracker.topology import BLENDSHAPE_NAMES

logger = logging.getLogger(__name__)

MAX_CLIENTS = 8
"""Whoever asks beyond that replaces the one who asked longest ago."""
MAX_REQUESTS_PER_FRAME = 16
"""How many datagrams are looked at with every frame; a flood of them must not hold up tracking."""

_NAMES = tuple(ifacialmocap.phone_name(name) for name in BLENDSHAPE_NAMES)


class IFacialMocapEncoder:
    """One text a frame; nothing while there is no face, or before its first pose."""

    def __init__(self, version: int = 1, mirror: bool = False) -> None:
        self._version = version
        self._mirror = mirror

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One datagram, or none. Raises ValueError for values that cannot be sent."""
        subject = frame.subject_for(self._mirror)
        if subject is None or subject.head is None:
            return ()
        return (ifacialmocap.encode(_NAMES, coefficients(subject), _pose(subject), self._version),)


class IFacialMocapPhone:
    """Answers the question that receivers ask a phone, and sends to the machines that asked.

    target: the address to listen at. reply_port: where a machine that asked gets its answers, whatever port it asked
    from. Raises SettingsError when it cannot listen, mostly because a receiver on this machine does already.
    """

    def __init__(self, target: Target, mirror: bool = False, reply_port: int = ifacialmocap.DEFAULT_PORT) -> None:
        self._encoders = {version: IFacialMocapEncoder(version, mirror) for version in ifacialmocap.VERSIONS}
        self._rate_limit = RateLimiter(target.fps)
        self._unsendable = OneTimeWarning(str(target))
        self._reply_port = reply_port
        self._clients: dict[str, tuple[SocketAddress, int]] = {}  # by host, who asked longest ago first
        self.sent = 0
        self.errors = 0
        try:
            family, address = listening_address(target)
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind(address)
        except OSError as error:
            advice = "to send to a program on this machine write ifacialmocap://127.0.0.1 instead"
            raise cannot_listen(target, error, advice) from error

    @property
    def port(self) -> int:
        """Where questions are heard."""
        return int(self._socket.getsockname()[1])

    def send(self, frame: OutputFrame) -> None:
        """Hear who asks, and send what `frame` shows to everyone who did."""
        self._listen()
        if not self._rate_limit.allows(frame.result.media_s) or not self._clients:
            return
        try:
            texts = {
                version: self._encoders[version].encode(frame) for version in {v for _, v in self._clients.values()}
            }
        except ValueError as error:
            self._unsendable.report(error)
            return
        for address, version in self._clients.values():
            for text in texts[version]:
                self._send(text, address)

    def close(self) -> None:
        """Close the socket. Safe to call twice."""
        self._socket.close()

    def _listen(self) -> None:
        for _ in range(MAX_REQUESTS_PER_FRAME):
            try:
                datagram, sender = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:  # an answer that did not arrive, as Windows tells it, or a datagram that is too long
                continue
            version = ifacialmocap.asked_version(datagram)
            if version is not None:
                self._remember(sender, version)

    def _remember(self, sender: SocketAddress, version: int) -> None:
        host = str(sender[0])
        is_new = self._clients.pop(host, None) is None
        self._clients[host] = ((host, self._reply_port, *sender[2:]), version)
        if is_new:
            logger.info("%s asked for iFacialMocap's data, version %d", host, version)
        while len(self._clients) > MAX_CLIENTS:
            self._clients.pop(next(iter(self._clients)))

    def _send(self, text: bytes, address: SocketAddress) -> None:
        try:
            self._socket.sendto(text, address)
            self.sent += 1
        except OSError:  # whoever does not listen any more asks again when they do
            self.errors += 1


def _pose(subject: AvatarSubject) -> ifacialmocap.Pose:
    head = subject.head
    if head is None:
        raise ValueError("the head's pose is not known")
    right, left = subject.gaze
    x, y, z = (0.01 * value for value in head.position_cm)
    return ifacialmocap.Pose(_turn(head.angles), (x, y, -z), _turn(right), _turn(left))


def _turn(angles: Angles) -> ifacialmocap.Vector:
    """In the right-handed axes of ARKit, where a face turns to its own left."""
    return (angles.pitch, -angles.yaw, -angles.roll)
