"""Face identity: a newly found face gets the id of the face lost where it is now expected, else the lowest free id."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.face.memory import FaceMemory
from tracker.face.motion import REMEMBERED_S, centre_and_size, shape_distance
from tracker.types import FloatArray, Landmarks

MAX_DISTANCE = 1.5
"""A face found within this many face sizes of where one is expected is taken to be that one."""
MAX_SPREAD = 3.0
"""That distance while a face has been hidden for a second or more."""
SHAPE_UNIT = 0.06
"""A difference of the proportions, as `shape_distance` gives it, that counts as much as one face size of distance."""


def choose_memory(
    landmarks: Landmarks, memories: Sequence[FaceMemory], now_s: float | None = None, shape: FloatArray | None = None
) -> FaceMemory | None:
    """The memory for a newly found face; None when all are in use.

    now_s: media time, for where hidden faces have gone meanwhile. shape: the new face's proportions, if known.
    """
    free = [memory for memory in memories if not memory.active]
    if not free:
        return None
    known = [(_mismatch(landmarks, memory, now_s, shape), memory) for memory in free if _is_known(memory, now_s)]
    if known:
        mismatch, nearest = min(known, key=lambda pair: pair[0])
        if mismatch < 1.0:
            return nearest
    unused = [memory for memory in free if memory.landmarks is None]
    return unused[0] if unused else min(known, key=lambda pair: pair[0])[1]


def is_same_place(landmarks: Landmarks, memory: FaceMemory, now_s: float | None = None) -> bool:
    """Whether a newly found face lies where the face of `memory` is expected."""
    return _mismatch(landmarks, memory, now_s, None) < 1.0


def strays_more(memory: FaceMemory, other: FaceMemory, found: Landmarks, now_s: float) -> bool:
    """Of two faces that were found at the same place: whether `memory` is the one that cannot be there.

    Its owner moved there as expected; the other one is hidden, and its landmarks have jumped.
    """
    return _stray(memory, found, now_s) > _stray(other, found, now_s)


def _stray(memory: FaceMemory, found: Landmarks, now_s: float) -> float:
    """How far `found` is from where the face of `memory` was expected, in place and size; in face sizes."""
    place = memory.motion.place
    if place is None:
        return math.inf
    size = centre_and_size(found.xy)[1]
    return place.distance(found, now_s) + abs(math.log(max(size, 1e-6) / max(place.size, 1e-6)))


def _is_known(memory: FaceMemory, now_s: float | None) -> bool:
    """Whether it is remembered where the face of a free memory was."""
    if memory.landmarks is not None:
        return True
    place = memory.motion.place
    return place is not None and now_s is not None and now_s - place.seen_s <= REMEMBERED_S


def _mismatch(landmarks: Landmarks, memory: FaceMemory, now_s: float | None, shape: FloatArray | None) -> float:
    """How little a face found now is like that of `memory`, by place and shape; below 1 it may be the same."""
    place = memory.motion.place
    reach = MAX_DISTANCE
    if place is not None and now_s is not None:
        distance = place.distance(landmarks, now_s)
        reach += (MAX_SPREAD - MAX_DISTANCE) * min(max(now_s - place.seen_s, 0.0), 1.0)
    elif memory.landmarks is not None:
        (x, y), size = centre_and_size(landmarks.xy)
        (last_x, last_y), _ = centre_and_size(memory.landmarks.xy)
        distance = math.hypot(x - last_x, y - last_y) / max(size, 1e-6)
    else:
        return math.inf
    if shape is not None and memory.motion.shape is not None:
        distance += shape_distance(shape, memory.motion.shape) / SHAPE_UNIT - 0.5
    return max(distance, 0.0) / reach
