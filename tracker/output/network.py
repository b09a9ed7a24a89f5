"""The network sink: passes each frame's result to the senders of all targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.output.formats.sender import Sender
from tracker.output.subject import AvatarSubjectTracker, OutputFrame
from tracker.types import Frame, FrameResult


class NetworkSink:
    """Sends results to all targets. Never blocks, and never fails because of a receiver or the network.

    senders: are closed with the sink. face_id_offset: added to every id sent. with_subject: whether any of them sends
    one avatar, whose subject is then derived in every frame.
    """

    name = "network"

    def __init__(self, senders: Sequence[Sender], face_id_offset: int = 0, with_subject: bool = True) -> None:
        self._senders = senders
        self._with_subject = with_subject
        self._face_id_offset = face_id_offset
        self._subject_tracker = AvatarSubjectTracker()

    @property
    def sent(self) -> int:
        """Number of messages sent so far."""
        return sum(sender.sent for sender in self._senders)

    @property
    def errors(self) -> int:
        """Number of messages, connections and look-ups that failed so far."""
        return sum(sender.errors for sender in self._senders)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Send `result`."""
        subject = self._subject_tracker.update(result) if self._with_subject else None
        output_frame = OutputFrame(result, subject, self._face_id_offset)
        for sender in self._senders:
            sender.send(output_frame)

    def receiver_states(self) -> list[dict[str, Any]]:
        """How sending to each target goes, as JSON values. May be called from any thread."""
        states = [state for sender in self._senders for state in sender.states()]
        return [
            {"format": target.format, "host": target.host, "port": target.port, "state": state.state}
            for state in states
            for target in [state.target]
        ]

    def recentre(self) -> None:
        """Take the present distance of the user as their resting distance. May be called from any thread."""
        self._subject_tracker.recentre()

    def close(self) -> None:
        """Close all senders. Safe to call twice."""
        for sender in self._senders:
            sender.close()
