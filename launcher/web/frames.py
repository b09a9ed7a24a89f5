"""Packs one datagram for the page: 12 bytes, then 580 bytes per face.

static/frame.js parses the same layout; a browser test compares the two.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from protocol.openseeface import FaceRecord

FRAME = 1
"""The first byte of such a message; see also `PICTURE`."""
PICTURE = 2
"""The first byte of a message whose rest is a JPEG."""

POINT_SCALE = 8.0
"""Points are sent in eighths of a pixel, which 16 bits hold up to a width of 4095."""
NO_POSE = -1.0
"""Sent as fit error when there is no pose."""

WITH_COEFFICIENTS = 1
"""A flag of the header: ARKit's coefficients are known."""
HEADER = struct.Struct("<BBHIf")  # FRAME, faces, flags, datagrams received so far, latency in milliseconds

FACE_DTYPE = np.dtype(
    [
        ("face_id", "<i4"),
        ("size", "<f4", (2,)),  # width, height of the frame in pixels
        ("fit_error", "<f4"),
        ("open", "<f4", (2,)),  # right, left eye: 0 closed to 1 open
        ("quaternion", "<f4", (4,)),  # the wire's, x, y, z, w
        ("translation", "<f4", (3,)),  # the wire's: up, image-left, minus the distance
        ("confidence", "<f4"),  # mean of the 66 landmarks
        ("gaze", "<f4", (2, 3)),  # pupil minus eyeball, right, left; head-fixed: subject's right, down, into the head
        ("features", "<f4", (14,)),
        ("points", "<i2", (68, 2)),
        ("point_confidence", "u1", (68,)),  # 255 = 1
        ("coefficients", "u1", (52,)),  # ARKit's, as `ARKIT_NAMES` has them; 255 = 1
        ("measured", "u1", (52,)),  # the same before the sensitivity
    ]
)
assert FACE_DTYPE.itemsize == 580


_EYE_SHAPES = ("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide")
ARKIT_NAMES: tuple[str, ...] = (
    *(f"{name}{side}" for side in ("Left", "Right") for name in _EYE_SHAPES),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight"),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)
"""The order of the coefficients in the packed message; static/avatar/arkit.js has the same."""

SHAPE = (2, len(ARKIT_NAMES))
"""Of a face's coefficients: as they are sent, and as they were measured before the user's sensitivity."""
Coefficients = Mapping[int, npt.NDArray[np.uint8]]
"""By face id, `SHAPE`; 255 = 1."""


def pack_frame(
    records: Sequence[FaceRecord], received: int, latency_ms: float, coefficients: Coefficients | None = None
) -> bytes:
    """The message for the page.

    records: of one datagram. received: datagrams so far, including those not shown; the page derives the frame rate
    from it. latency_ms: from capture to arrival here. coefficients: of the faces, where known.
    """
    known = bool(coefficients) and all(record.face_id in (coefficients or {}) for record in records)
    table = np.zeros(len(records), FACE_DTYPE)
    for row, record in zip(table, records, strict=True):
        points = record.points_3d
        row["face_id"] = record.face_id
        row["size"] = (record.width, record.height)
        row["fit_error"] = record.fit_error if record.got_3d else NO_POSE
        row["open"] = (record.right_eye_open, record.left_eye_open)
        row["quaternion"] = record.quaternion
        row["translation"] = record.translation
        row["confidence"] = record.confidence[:66].mean()
        row["gaze"] = points[66:68] - points[68:70]
        row["features"] = record.features
        row["points"] = np.clip(np.rint(record.points_2d * POINT_SCALE), -32768, 32767)
        row["point_confidence"] = np.clip(np.rint(record.confidence * 255.0), 0, 255)
        if coefficients is not None and known:
            row["coefficients"], row["measured"] = coefficients[record.face_id]
    flags = WITH_COEFFICIENTS if known else 0
    return HEADER.pack(FRAME, len(records), flags, received & 0xFFFFFFFF, latency_ms) + table.tobytes()
