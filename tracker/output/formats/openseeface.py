"""OpenSeeFace's records: one datagram for a frame with faces, none for one without."""

from __future__ import annotations

from collections.abc import Sequence

from protocol import openseeface
from tracker.output.records import wire_values
from tracker.output.subject import OutputFrame


class OpenSeeFaceEncoder:
    """Encodes all faces of a frame in one datagram."""

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One datagram, or none. Raises ValueError (a PacketError) for a value that is not finite."""
        if not frame.result.faces:
            return ()
        return (openseeface.encode_values(wire_values(frame.result, frame.face_id_offset)),)
