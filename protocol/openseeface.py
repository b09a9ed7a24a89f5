"""The OpenSeeFace record: 1785 bytes for one face in one frame, several faces one after another.

There is no header, checksum, version or padding; a receiver recognises a datagram by its length being a multiple
of 1785. Axes, sides and units are the format's own and differ from the tracker's: see docs/PROTOCOL.md.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]

# Every field in wire order. Packed: got_3d is one byte, so everything after it is unaligned.
RECORD_DTYPE = np.dtype(
    [
        ("time", "<f8"),  # seconds since 1970
        ("face_id", "<i4"),
        ("width", "<f4"),  # of the frame, pixels
        ("height", "<f4"),
        ("right_eye_open", "<f4"),  # 0 closed to 1 open; right first here, left first in the features
        ("left_eye_open", "<f4"),
        ("got_3d", "u1"),  # 1 when everything below but the landmarks can be trusted
        ("fit_error", "<f4"),  # pixels; receivers ignore a record above 100
        ("quaternion", "<f4", (4,)),  # x, y, z, w
        ("euler", "<f4", (3,)),  # degrees
        ("translation", "<f4", (3,)),  # up, image-left, minus the distance
        ("confidence", "<f4", (68,)),  # 66 landmarks, right pupil, left pupil
        ("points_2d", "<f4", (68, 2)),  # x right, y down, pixels
        ("points_3d", "<f4", (70, 3)),  # the 68, then right and left eyeball centre; head-fixed
        ("features", "<f4", (14,)),
    ]
)
RECORD_BYTES = 1785
assert RECORD_DTYPE.itemsize == RECORD_BYTES

MAX_RECORDS = 36
"""More would not fit into the 65507 bytes a UDP datagram over IPv4 can carry."""

FEATURE_NAMES = (
    "eye_l",
    "eye_r",
    "eyebrow_steepness_l",
    "eyebrow_updown_l",
    "eyebrow_quirk_l",
    "eyebrow_steepness_r",
    "eyebrow_updown_r",
    "eyebrow_quirk_r",
    "mouth_corner_updown_l",
    "mouth_corner_inout_l",
    "mouth_corner_updown_r",
    "mouth_corner_inout_r",
    "mouth_open",
    "mouth_wide",
)
"""The 14 features in wire order."""

_SCALARS = ("time", "face_id", "width", "height", "right_eye_open", "left_eye_open", "got_3d", "fit_error")
_ARRAYS = ("quaternion", "euler", "translation", "confidence", "points_2d", "points_3d", "features")
_SHAPES = {name: RECORD_DTYPE[name].shape for name in _ARRAYS}
_EXPECTED = list(_SHAPES.values())
_scalars, _arrays = attrgetter(*_SCALARS), attrgetter(*_ARRAYS)
_SCALARS_FORMAT = struct.Struct("<di4fBf")

# What must be finite: the floats before the one-byte flag, and those after it as one run.
_FLOATS_BEFORE = struct.Struct("<d4x4f")
_FLOATS_AFTER_AT, _FLOATS_AFTER = 29, 439
_QUATERNION_AT = _FLOATS_AFTER_AT + 4


class PacketError(ValueError):
    """These values cannot be sent, or these bytes are not OpenSeeFace records; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceRecord:
    """One face in one frame, with the wire's names, axes and units.

    Arrays are float32 in the shapes of `RECORD_DTYPE`; PacketError names one of another shape.
    Two records are equal when all their values are.
    """

    time: float
    face_id: int
    width: float
    height: float
    right_eye_open: float
    left_eye_open: float
    got_3d: bool
    fit_error: float
    quaternion: Float32Array
    euler: Float32Array
    translation: Float32Array
    confidence: Float32Array
    points_2d: Float32Array
    points_3d: Float32Array
    features: Float32Array

    def __post_init__(self) -> None:
        if [array.shape for array in _arrays(self)] == _EXPECTED:  # nearly always, in half the time
            return
        for name, shape in _SHAPES.items():
            if getattr(self, name).shape != shape:
                raise PacketError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FaceRecord):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _SCALARS) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in _ARRAYS
        )


FieldValues = tuple[tuple[float, ...], Sequence[npt.NDArray[np.floating]]]
"""A record in wire order: its scalars, and its 438 further numbers in arrays of any shape and number."""


def record_of(values: FieldValues) -> FaceRecord:
    """The record with these values."""
    scalars, arrays = values
    floats: Float32Array = np.concatenate(arrays, axis=None, dtype=np.float32)
    ends = np.cumsum([math.prod(shape) for shape in _EXPECTED])[:-1]
    shaped = [part.reshape(shape) for part, shape in zip(np.split(floats, ends), _EXPECTED, strict=True)]
    time, face_id, width, height, right_eye_open, left_eye_open, got_3d, fit_error = scalars
    return FaceRecord(
        time, int(face_id), width, height, right_eye_open, left_eye_open, bool(got_3d), fit_error, *shaped
    )


def encode(records: Sequence[FaceRecord]) -> bytes:
    """One datagram holding `records`, lower ids first.

    Raises PacketError when there are none or more than 36, and for a value that is not finite as float32 or
    an id that does not fit into 32 bits.
    """
    return encode_values([(_scalars(record), _arrays(record)) for record in records])


def encode_values(records: Sequence[FieldValues]) -> bytes:
    """The same from plain values, which spares a sender making a record of them that nobody else sees."""
    if not records:
        raise PacketError("there is no record to encode")
    if len(records) > MAX_RECORDS:
        raise PacketError(f"a datagram holds at most {MAX_RECORDS} records, got {len(records)}")
    # Receivers that know one face look at the first record, so the lowest id comes first.
    ordered = sorted(records, key=_face_id)
    return b"".join([_packed(*record, row) for row, record in enumerate(ordered)])


def _face_id(record: FieldValues) -> float:
    return record[0][1]


def _packed(scalars: tuple[float, ...], arrays: Sequence[npt.NDArray[np.floating]], row: int) -> bytes:
    """The bytes of record number `row` of its datagram."""
    face_id = scalars[1]
    if not -(2**31) <= face_id < 2**31:
        raise PacketError(f"face_id must fit into 32 bits, got {face_id}")
    # All at once takes half the time of one field after the other.
    floats: Float32Array = np.concatenate(arrays, axis=None, dtype="<f4")
    try:
        packed = _SCALARS_FORMAT.pack(*scalars)
    except OverflowError:  # too large for float32
        finite = False
    else:
        finite = math.isfinite(sum(scalars)) and _are_finite(floats)
    if not finite:
        record = np.frombuffer(bytes(_QUATERNION_AT) + floats.tobytes(), RECORD_DTYPE)[0]
        fields = zip(_SCALARS, scalars, strict=True), ((name, record[name]) for name in _ARRAYS)
        name = next(name for name, value in itertools.chain(*fields) if not _is_finite(name, value))
        raise PacketError(f"{name} of record {row} is not finite")
    return packed + floats.tobytes()


def decode(data: bytes) -> list[FaceRecord]:
    """The records of one datagram, in the order they were sent.

    Raises PacketError for anything else than 1 to 36 whole records of finite values.
    """
    size = len(data)
    if size == 0:
        raise PacketError("the datagram is empty")
    if size % RECORD_BYTES:
        raise PacketError(f"{size} bytes are not a whole number of {RECORD_BYTES}-byte records")
    if size > MAX_RECORDS * RECORD_BYTES:
        raise PacketError(f"a datagram holds at most {MAX_RECORDS} records, got {size // RECORD_BYTES}")
    _check_finite(data)
    table = np.frombuffer(data, RECORD_DTYPE)
    if (table["got_3d"] > 1).any():
        raise PacketError(f"got_3d must be 0 or 1, got {table['got_3d'].max()}")
    return [_record(row) for row in table]


def _record(row: np.void) -> FaceRecord:
    # Copies: aligned, native floats that neither point into the datagram nor keep it alive.
    arrays = {name: np.array(row[name], dtype=np.float32) for name in _ARRAYS}
    return FaceRecord(
        time=float(row["time"]),
        face_id=int(row["face_id"]),
        width=float(row["width"]),
        height=float(row["height"]),
        right_eye_open=float(row["right_eye_open"]),
        left_eye_open=float(row["left_eye_open"]),
        got_3d=bool(row["got_3d"]),
        fit_error=float(row["fit_error"]),
        **arrays,
    )


def _check_finite(data: bytes) -> None:
    """Raise PacketError naming the first field in `data` (whole records) that holds a NaN or an infinity."""
    for start in range(0, len(data), RECORD_BYTES):
        after = np.frombuffer(data, "<f4", _FLOATS_AFTER, start + _FLOATS_AFTER_AT)
        if not (_are_finite(after) and all(map(math.isfinite, _FLOATS_BEFORE.unpack_from(data, start)))):
            record = np.frombuffer(data, RECORD_DTYPE, 1, start)
            name = next(name for name in _SCALARS + _ARRAYS if not _is_finite(name, record[name]))
            raise PacketError(f"{name} of record {start // RECORD_BYTES} is not finite")


def _are_finite(floats: Float32Array) -> bool:
    # The sum of the squares is finite unless one is not, or huge: one call, where looking at each takes two.
    return math.isfinite(np.vdot(floats, floats)) or bool(np.isfinite(floats).all())


def _is_finite(name: str, value: npt.ArrayLike) -> bool:
    """Whether a field still is, once it is as small as the wire has it."""
    with np.errstate(over="ignore"):
        return bool(np.isfinite(np.asarray(value, RECORD_DTYPE[name].base)).all())
