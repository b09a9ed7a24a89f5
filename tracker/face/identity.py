"""Which face is which: new sightings get the id of the nearest face lost lately, else the lowest free one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.face.memory import FaceMemory
from tracker.types import Landmarks

SAME_PLACE = 1.5
"""A face found again within this many face sizes of where one was lost is that one."""


def choose_memory(landmarks: Landmarks, memories: Sequence[FaceMemory]) -> FaceMemory | None:
    """The memory a newly found face belongs to; None when all are held."""
    free = [memory for memory in memories if not memory.active]
    if not free:
        return None
    centre = landmarks.xy.mean(axis=0)
    size = float(np.ptp(landmarks.xy, axis=0).max())
    lost = [
        (float(np.linalg.norm(memory.landmarks.xy.mean(axis=0) - centre)), memory)
        for memory in free
        if memory.landmarks is not None
    ]
    if lost:
        distance, nearest = min(lost, key=lambda pair: pair[0])
        if distance < SAME_PLACE * size:
            return nearest
    unused = [memory for memory in free if memory.landmarks is None]
    return unused[0] if unused else min(lost, key=lambda pair: pair[0])[1]
