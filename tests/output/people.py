"""Made-up people for the tests of senders: a face that does exactly what a test says."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tests.output.results import a_face, a_pose, a_result
from tracker.face.head import REFERENCE_HEAD
from tracker.output.subject import AvatarSubjectTracker, OutputFrame
from tracker.topology import BLENDSHAPE_NAMES, gaze_vectors
from tracker.types import Expression, Face, FrameResult

NEUTRAL = Expression(*[0.0] * 14)


def a_person(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    place: tuple[float, float, float] = (0.0, 0.0, 4.5),
    look_right: float = 0.0,
    look_down: float = 0.0,
    squint: float = 0.0,
    openness: tuple[float, float] = (1.0, 1.0),
    expression: Expression = NEUTRAL,
    shapes: dict[str, float] | None = None,
    face_id: int = 0,
) -> Face:
    """Angles in degrees; look: of both eyes, from the reference head's look straight ahead; squint: the right eye
    looks so much further to the right than the left one; openness: right, left.

    shapes: ARKit's coefficients that are not 0.
    """
    face = a_face(face_id, a_pose(yaw, pitch, roll, place), openness=openness)
    points = face.points_3d.copy()
    for pupil, eyeball, across in ((66, 68, look_right + squint / 2), (67, 69, look_right - squint / 2)):
        straight = REFERENCE_HEAD[pupil] - REFERENCE_HEAD[eyeball]
        points[pupil] = points[eyeball] + _turned(straight, across, look_down)
    coefficients = np.array([(shapes or {}).get(name, 0.0) for name in BLENDSHAPE_NAMES], np.float32)
    return dataclasses.replace(
        face, points_3d=points, gaze=gaze_vectors(points), expression=expression, blendshapes=coefficients
    )


def an_output_frame(
    *faces: Face, index: int = 0, follower: AvatarSubjectTracker | None = None, face_id_offset: int = 0
) -> OutputFrame:
    result = a_result(*faces, index=index)
    return OutputFrame(result, (follower or AvatarSubjectTracker()).update(result), face_id_offset)


def after(result: FrameResult, seconds: float) -> FrameResult:
    return dataclasses.replace(result, media_s=result.media_s + seconds, unix_time=result.unix_time + seconds)


def _turned(direction: np.ndarray, right: float, down: float) -> np.ndarray:
    """`direction` of the head frame by so many degrees across and then down: as angles, not as a rotation."""
    x, y, z = direction
    length = math.sqrt(x * x + y * y + z * z)
    across = math.atan2(x, z) + math.radians(right)
    up = math.atan2(y, math.hypot(x, z)) - math.radians(down)
    return length * np.array([math.sin(across) * math.cos(up), math.sin(up), math.cos(across) * math.cos(up)])
