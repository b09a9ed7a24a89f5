"""What sends results looks like, and the one that sends all formats which are datagrams."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from tracker.output.subject import OutputFrame
from tracker.output.target import Target
from tracker.output.udp import UdpChannel
from tracker.rate_limit import RateLimiter

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """Results out to one or more receivers. Used from one thread."""

    @property
    def sent(self) -> int:
        """Messages handed to the network so far."""

    @property
    def errors(self) -> int:
        """Messages, connections and look-ups that failed so far."""

    def send(self, frame: OutputFrame) -> None:
        """Send what `frame` shows, or leave it out. Must neither wait nor fail for what a receiver does."""

    def close(self) -> None:
        """End sending. Safe to call twice."""


class Encoder(Protocol):
    """A format over UDP."""

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """What to send for `frame`, in this order; nothing where the format has nothing to say.

        Raises ValueError for values that cannot be sent, such as NaN.
        """


class UdpStream:
    """One format for receivers that all get the same. targets: at least one, alike but for host and port."""

    def __init__(self, encoder: Encoder, targets: Sequence[Target]) -> None:
        self.targets = tuple(targets)
        self._encoder = encoder
        self._rate_limit = RateLimiter(targets[0].fps)
        self._unsendable = OneTimeWarning(str(targets[0]))

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """What to send now: nothing when it is too soon, or when it cannot be sent."""
        if not self._rate_limit.allows(frame.result.media_s):
            return ()
        try:
            return self._encoder.encode(frame)
        except ValueError as error:
            self._unsendable.report(error)
            return ()


class UdpSender:
    """Sends every format that is datagrams, over one channel."""

    def __init__(self, streams: Sequence[UdpStream], channel: UdpChannel) -> None:
        self._streams = streams
        self._channel = channel

    @property
    def sent(self) -> int:
        """Datagrams handed to the network so far."""
        return self._channel.sent

    @property
    def errors(self) -> int:
        """Datagrams and look-ups that failed so far."""
        return self._channel.errors

    def send(self, frame: OutputFrame) -> None:
        """Send what `frame` shows to every receiver."""
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
    """Reports once that a frame could not be sent: a lost frame is better than NaN in an avatar's skeleton."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._reported = False

    def report(self, error: ValueError) -> None:
        """Warn, the first time."""
        if not self._reported:
            self._reported = True
            logger.warning("a frame was not sent to %s: %s", self._where, error)
