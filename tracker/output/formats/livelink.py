"""Live Link Face's datagrams, for Unreal and everything else that accepts the phone app's."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence

from protocol import livelink
from tracker.output.formats.scales import coefficients
from tracker.output.subject import Angles, OutputFrame

FPS = 60
"""The rate of the time code, as in the phone app."""
_DAY_S = 86400.0


class LiveLinkEncoder:
    """Encodes one datagram per frame; without a face only its header, which tells the receiver that we are running.

    subject: the name that Unreal lists. The device id is derived from it, so that it is the same in every run.
    """

    def __init__(self, subject: str = "facetracker", mirror: bool = False) -> None:
        self._subject = subject
        self._mirror = mirror
        self._device_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{subject}.facetracker.invalid")).upper()

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One datagram. Raises ValueError for values that cannot be sent."""
        data = livelink.header(self._device_id, self._subject, frame.result.unix_time % _DAY_S, FPS)
        person = frame.subject_for(self._mirror)
        if person is not None and person.head is not None:
            right, left = person.gaze
            data += livelink.values(coefficients(person), _radians(person.head.angles), _radians(left), _radians(right))
        return (data,)


def _radians(angles: Angles) -> tuple[float, float, float]:
    return (math.radians(angles.yaw), math.radians(angles.pitch), math.radians(angles.roll))
