"""Face identity: a newly found face gets the id of the nearest face lost recently, else the lowest free id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.face.memory import FaceMemory
from tracker.types import Landmarks

MAX_DISTANCE = 1.5
"""A face found within this many face sizes of where one was lost is taken to be that one."""


def choose_memory(landmarks: Landmarks, memories: Sequence[FaceMemory]) -> FaceMemory | None:
    """The memory for a newly found face; None when all are in use."""
    free = [memory for memory in memories if not memory.active]
    if not free:
        return None
    lost = [(_distance(landmarks, memory.landmarks), memory) for memory in free if memory.landmarks is not None]
    if lost:
        distance, nearest = min(lost, key=lambda pair: pair[0])
        if distance < MAX_DISTANCE:
            return nearest
    unused = [memory for memory in free if memory.landmarks is None]
    return unused[0] if unused else min(lost, key=lambda pair: pair[0])[1]


def is_same_place(landmarks: Landmarks, last: Landmarks) -> bool:
    """Whether a newly found face lies where one was lost."""
    return _distance(landmarks, last) < MAX_DISTANCE


def _distance(landmarks: Landmarks, other: Landmarks) -> float:
    """Between the centres of two faces, in sizes of the first."""
    size = float(np.ptp(landmarks.xy, axis=0).max())
    return float(np.linalg.norm(other.xy.mean(axis=0) - landmarks.xy.mean(axis=0))) / max(size, 1e-6)
