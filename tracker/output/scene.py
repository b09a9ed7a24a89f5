"""One frame's result with what several formats need of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tracker.output.subject import Subject
from tracker.types import FrameResult


@dataclass(frozen=True)  # no slots: the mirrored subject is worked out once, for those who want it
class Scene:
    """subject: the one person that formats for a single avatar show; None when there is no face.

    face_id_offset: added to the ids that formats for several faces send. gaze_tracking: whether pupils are measured.
    """

    result: FrameResult
    subject: Subject | None
    face_id_offset: int = 0
    gaze_tracking: bool = True

    @cached_property
    def mirrored(self) -> Subject | None:
        """The subject in a mirror."""
        return None if self.subject is None else self.subject.mirrored()

    def person(self, mirror: bool) -> Subject | None:
        """The subject, as seen or in a mirror."""
        return self.mirrored if mirror else self.subject
