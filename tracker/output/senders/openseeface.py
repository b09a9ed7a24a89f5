"""OpenSeeFace's records: a datagram for a frame with faces, nothing for one without."""

from __future__ import annotations

from collections.abc import Sequence

from protocol import openseeface
from tracker.output.mapping import to_records
from tracker.output.scene import Scene


class OpenSeeFaceEncoder:
    """All faces of a frame in one datagram."""

    def datagrams(self, scene: Scene) -> Sequence[bytes]:
        """One datagram, or none. Raises ValueError (a PacketError) for a value that is not finite."""
        if not scene.result.faces:
            return ()
        return (openseeface.encode(to_records(scene.result, scene.face_id_offset)),)
