"""Hands each frame's result to the senders of all targets."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.output.formats.sender import Sender
from tracker.output.subject import AvatarSubjectTracker, OutputFrame
from tracker.types import Frame, FrameResult


class NetworkSink:
    """Everything that is sent. Never blocks and never fails for what receivers or the network do.

    senders: closed with the sink. face_id_offset: added to every id that is sent.
    """

    name = "network"

    def __init__(self, senders: Sequence[Sender], face_id_offset: int = 0) -> None:
        self._senders = senders
        self._face_id_offset = face_id_offset
        self._subject_tracker = AvatarSubjectTracker()

    @property
    def sent(self) -> int:
        """Messages handed to the network so far."""
        return sum(sender.sent for sender in self._senders)

    @property
    def errors(self) -> int:
        """Messages, connections and look-ups that failed so far."""
        return sum(sender.errors for sender in self._senders)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Send `result`."""
        output_frame = OutputFrame(result, self._subject_tracker.update(result), self._face_id_offset)
        for sender in self._senders:
            sender.send(output_frame)

    def recentre(self) -> None:
        """The user is recentred: where they sit now is where they rest. May be called from any thread."""
        self._subject_tracker.recentre()

    def close(self) -> None:
        """End all sending. Safe to call twice."""
        for sender in self._senders:
            sender.close()
