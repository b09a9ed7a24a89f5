"""Sender interface, and the UDP sender shared by all datagram formats."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tracker.output.subject import OutputFrame
from tracker.output.target import Target
from tracker.output.udp import UdpChannel
from tracker.rate_limit import RateLimiter

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """How sending to a receiver goes.

    state: ``sending``, or where a protocol can tell ``connected``; ``nobody``: the machine is there and nobody listens
    at the port; ``unknown_host``, ``unreachable``; ``waiting`` for a connection, ``denied`` by its user; ``listening``
    for who asks.
    """

    target: Target
    state: str


class Sender(Protocol):
    """Delivers results to one or more receivers. Used from one thread, but for `states`."""

    def states(self) -> Sequence[ReceiverState]:
        """How it goes with each target. From any thread."""

    @property
    def sent(self) -> int:
        """Number of messages sent so far."""

    @property
    def errors(self) -> int:
        """Number of messages, connections and look-ups that failed so far."""

    def send(self, frame: OutputFrame) -> None:
        """Send `frame`, or skip it. Must neither block nor raise because of a receiver."""

    def close(self) -> None:
        """Close all connections. Safe to call twice."""


class Encoder(Protocol):
    """Converts results to the datagrams of one format."""

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """The datagrams for `frame`, in order; empty if the format has nothing to send.

        Raises ValueError for values that cannot be sent, such as NaN.
        """


class UdpStream:
    """One format for receivers that get the same datagrams. targets: at least one; only host and port differ."""

    def __init__(self, encoder: Encoder, targets: Sequence[Target]) -> None:
        self.targets = tuple(targets)
        self._encoder = encoder
        self._rate_limit = RateLimiter(targets[0].fps)
        self._warning = OneTimeWarning(str(targets[0]))

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """The datagrams to send now; empty when it is too soon or the frame cannot be sent."""
        if not self._rate_limit.allows(frame.result.media_s):
            return ()
        try:
            return self._encoder.encode(frame)
        except ValueError as error:
            self._warning.report(error)
            return ()


class UdpSender:
    """Sends all datagram formats over one channel."""

    def __init__(self, streams: Sequence[UdpStream], channel: UdpChannel) -> None:
        self._streams = streams
        self._channel = channel

    @property
    def sent(self) -> int:
        """Number of datagrams sent so far."""
        return self._channel.sent

    @property
    def errors(self) -> int:
        """Number of datagrams and look-ups that failed so far."""
        return self._channel.errors

    def states(self) -> Sequence[ReceiverState]:
        """How it goes with each target."""
        return [ReceiverState(target, state) for target, state in self._channel.states().items()]

    def send(self, frame: OutputFrame) -> None:
        """Send `frame` to every receiver."""
        self._channel.take_answers()
        for stream in self._streams:
            datagrams = stream.encode(frame)
            if datagrams:
                for target in stream.targets:
                    self._channel.send(target, datagrams)

    def close(self) -> None:
        """Close the channel. Safe to call twice."""
        self._channel.close()


class OneTimeWarning:
    """Warns once that a frame was not sent: skipping a frame is better than NaN in an avatar's skeleton."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._reported = False

    def report(self, error: ValueError) -> None:
        """Log a warning, the first time only."""
        if not self._reported:
            self._reported = True
            logger.warning("a frame was not sent to %s: %s", self._where, error)
