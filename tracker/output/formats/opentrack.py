"""opentrack's datagram: the pose as six numbers."""

from __future__ import annotations

from collections.abc import Sequence

from protocol import opentrack
from tracker.output.subject import OutputFrame


class OpentrackEncoder:
    """Encodes the pose of the head with opentrack's signs; nothing without a face."""

    def __init__(self, mirror: bool = False) -> None:
        self._mirror = mirror

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One datagram, or none. Raises ValueError for a value that is not finite."""
        subject = frame.subject_for(self._mirror)
        if subject is None or subject.head is None:
            return ()
        angles = subject.head.angles
        return (opentrack.encode(opentrack.Pose(*subject.head.position_cm, angles.yaw, -angles.pitch, angles.roll)),)
