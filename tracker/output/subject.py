"""The subject of single-avatar formats: the face with the lowest id, in degrees and centimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from tracker import topology as t
from tracker.look import look_angles
from tracker.sample_window import SampleWindow
from tracker.types import Expression, FloatArray, FrameResult, HeadPose, TaughtExpression

CM_PER_UNIT = 9.0 / 0.632
"""Centimetres per face unit, for a head whose outer eye corners are 9 cm apart."""
REST_S = 1.0
"""A user's resting distance is the mean over this time after they appeared."""


@dataclass(frozen=True, slots=True)
class Angles:
    """Degrees. Positive yaw turns to the subject's right, pitch down, roll tilts the top to the subject's left."""

    yaw: float
    pitch: float
    roll: float = 0.0

    def mirrored(self) -> Angles:
        """The mirror image."""
        return Angles(-self.yaw, self.pitch, -self.roll)


@dataclass(frozen=True, slots=True)
class Head:
    """Position and orientation of the head.

    quaternion: x, y, z, w of the rotation in Unity's axes for an avatar that faces as the user does (x to its right, y
    up, z forward, left-handed). These are the camera's axes with all signs reversed, so that the numbers are the same.
    position_cm: the nose tip: to the image's right, up, away from the camera.
    offset_cm: from the resting position: to the image's right, up, towards the camera.
    """

    angles: Angles
    quaternion: tuple[float, float, float, float]
    position_cm: tuple[float, float, float]
    offset_cm: tuple[float, float, float]

    def mirrored(self) -> Head:
        """The mirror image."""
        x, y, z, w = self.quaternion
        return Head(
            self.angles.mirrored(),
            (x, -y, -z, w),
            (-self.position_cm[0], *self.position_cm[1:]),
            (-self.offset_cm[0], *self.offset_cm[1:]),
        )


@dataclass(frozen=True, slots=True)
class AvatarSubject:
    """One person in one frame. Pairs are right, left.

    head: from the last frame with a pose; None before the first. gaze: relative to the head. openness: 0 to 1.
    blendshapes: ARKit's 52; None where a `Face` was made without them.
    """

    face_id: int
    head: Head | None
    gaze: tuple[Angles, Angles]
    openness: tuple[float, float]
    expression: Expression
    blendshapes: tuple[float, ...] | None
    taught: TaughtExpression | None = None

    def mirrored(self) -> AvatarSubject:
        """The mirror image: right is left."""
        right, left = self.gaze
        shapes = self.blendshapes
        return AvatarSubject(
            face_id=self.face_id,
            head=None if self.head is None else self.head.mirrored(),
            gaze=(left.mirrored(), right.mirrored()),
            openness=(self.openness[1], self.openness[0]),
            expression=_mirrored(self.expression),
            blendshapes=None if shapes is None else tuple(shapes[i] for i in _MIRRORED_SHAPES),
            taught=self.taught,
        )


class AvatarSubjectTracker:
    """Derives the subject from each frame's result. Without a measured gaze it looks straight ahead."""

    def __init__(self) -> None:
        self._face_id: int | None = None
        self._head: Head | None = None
        self._gaze = (_AHEAD, _AHEAD)
        self._distances: SampleWindow[float] = SampleWindow(REST_S)
        self._recentre_requested = False
        self._rest_cm = 0.0

    def update(self, result: FrameResult) -> AvatarSubject | None:
        """The subject in `result`; None without a face. Frames must come in order of their media time."""
        if not result.faces:
            return None
        face = result.faces[0]
        if face.face_id != self._face_id:
            self._face_id, self._head, self._gaze = face.face_id, None, (_AHEAD, _AHEAD)
            self.recentre()
        if face.pose is not None:
            self._head = self._head_of(face.pose, result.media_s)
        if face.gaze is not None:
            self._gaze = gaze_angles(face.gaze)
        right_open, left_open = face.eyes.openness.tolist()
        return AvatarSubject(
            face_id=face.face_id,
            head=self._head,
            gaze=self._gaze,
            openness=(right_open, left_open),
            expression=face.expression,
            blendshapes=None if face.blendshapes is None else tuple(face.blendshapes.tolist()),
            taught=face.taught,
        )

    def recentre(self) -> None:
        """Take the distance of the next second as the resting distance. May be called from any thread."""
        self._recentre_requested = True

    def _head_of(self, pose: HeadPose, now_s: float) -> Head:
        x, y, z = head_position_cm(pose)
        if self._recentre_requested:
            self._recentre_requested = False
            self._distances.clear()
        if math.isfinite(z) and not self._distances.is_complete(now_s):
            self._distances.add(z, now_s)
            self._rest_cm = math.fsum(self._distances.samples) / len(self._distances.samples)
        qx, qy, qz, qw = pose.quaternion_xyzw.tolist()
        return Head(head_angles(pose), (qx, qy, qz, qw), (x, y, z), (x, y, self._rest_cm - z))


def head_angles(pose: HeadPose) -> Angles:
    """The rotation of `pose` as angles."""
    pitch, yaw, roll = pose.euler_deg.tolist()
    return Angles(yaw, pitch, roll)


def head_position_cm(pose: HeadPose) -> tuple[float, float, float]:
    """Position of the nose tip: to the image's right, up, away from the camera."""
    x, y, z = (CM_PER_UNIT * value for value in pose.translation.tolist())
    return (x, -y, z)


def gaze_angles(gaze: FloatArray) -> tuple[Angles, Angles]:
    """Directions of the right and the left eye's gaze within the head, from `Face.gaze`."""
    right, left = (Angles(-yaw, -pitch) for yaw, pitch in look_angles(gaze))
    return right, left


def _mirrored(expression: Expression) -> Expression:
    values = expression.as_tuple()
    names = Expression.__dataclass_fields__
    by_name = dict(zip(names, values, strict=True))
    return Expression(**{name: by_name[_other_side(name, "_l", "_r")] for name in names})


def _other_side(name: str, left: str, right: str) -> str:
    for one, other in ((left, right), (right, left)):
        if name.endswith(one):
            return name.removesuffix(one) + other
    return name


_AHEAD = Angles(0.0, 0.0)
_MIRRORED_SHAPES = [t.BLENDSHAPE_NAMES.index(_other_side(name, "Left", "Right")) for name in t.BLENDSHAPE_NAMES]


@dataclass(frozen=True)  # no slots: the mirrored subject is cached
class OutputFrame:
    """One frame's results, as senders get them.

    subject: the person that single-avatar formats show; None without a face. face_id_offset: added to the ids that
    formats for several faces send.
    """

    result: FrameResult
    subject: AvatarSubject | None
    face_id_offset: int = 0

    @cached_property
    def mirrored(self) -> AvatarSubject | None:
        """The mirrored subject."""
        return None if self.subject is None else self.subject.mirrored()

    def subject_for(self, mirror: bool) -> AvatarSubject | None:
        """The subject, mirrored or not."""
        return self.mirrored if mirror else self.subject
