"""facetracker's own JSON: everything known about a frame, for web pages and scripts.

One object a frame, also for a frame without a face. `VERSION` rises when a reader of the old one would go wrong;
fields may be added without that. docs/RECEIVERS.md describes the fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORMAT, VERSION = "facetracker", 1
UDP_PORT, WEBSOCKET_PORT = 11575, 11576
MAX_DATAGRAM_BYTES = 65507

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Head:
    """yaw: degrees, + to the subject's right; pitch: + down; roll: + top to the subject's left.

    position: of the nose tip, centimetres: to the subject's left (the image's right), up, away from the camera.
    """

    yaw: float
    pitch: float
    roll: float
    position: Vector


@dataclass(frozen=True, slots=True)
class Eye:
    """open: 0 to 1. yaw, pitch: of the gaze in the head, degrees, as the head's; None without a pose."""

    open: float
    yaw: float | None
    pitch: float | None


@dataclass(frozen=True, slots=True)
class Taught:
    """An expression that the user taught. probability: 0 to 1; since: when it began, seconds since 1970."""

    name: str
    probability: float
    since: float


@dataclass(frozen=True, slots=True)
class Face:
    """points: x and y of each landmark in pixels. None leaves a field out; a head of None is sent as null."""

    id: int
    confidence: float
    head: Head | None
    right_eye: Eye
    left_eye: Eye
    features: Mapping[str, float]
    blendshapes: Mapping[str, float] | None = None
    points: Sequence[Sequence[float]] | None = None
    taught: Taught | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """time: seconds since 1970. media_time: seconds, position in a file or since the start. width, height: pixels."""

    index: int
    time: float
    media_time: float
    width: int
    height: int
    faces: Sequence[Face]


def encode(frame: Frame, max_bytes: int | None = None) -> bytes:
    """UTF-8 text. max_bytes: faces that do not fit, those with the highest ids, are left out.

    Raises ValueError for a number that is not finite.
    """
    faces = [_face(face) for face in frame.faces]
    while True:
        body = {
            "format": FORMAT,
            "version": VERSION,
            "frame": frame.index,
            "time": frame.time,
            "media_time": _short(frame.media_time),
            "width": frame.width,
            "height": frame.height,
            "faces": faces,
        }
        data = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        if max_bytes is None or len(data) <= max_bytes or not faces:
            return data
        faces.pop()


def encode_packed(index: int, unix_time: float, records: bytes, shapes: Mapping[int, tuple[bytes, bytes]]) -> bytes:
    """UTF-8 text with the same in few numbers, which takes a fifth of the time to read.

    records: OpenSeeFace's, of all faces. shapes: by face id, the blendshapes as sent and as measured before the user's
    sensitivity, a byte each, 255 = 1.
    """
    rows = [{"id": face_id, "sent": sent.hex(), "measured": before.hex()} for face_id, (sent, before) in shapes.items()]
    body = {
        "format": FORMAT,
        "version": VERSION,
        "frame": index,
        "time": unix_time,
        "records": records.hex(),
        "packed": rows,
    }
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def _face(face: Face) -> dict[str, object]:
    body: dict[str, object] = {
        "id": face.id,
        "confidence": _short(face.confidence),
        "head": None if face.head is None else _head(face.head),
        "eyes": {"right": _eye(face.right_eye), "left": _eye(face.left_eye)},
        "features": {name: _short(value) for name, value in face.features.items()},
    }
    if face.blendshapes is not None:
        body["blendshapes"] = {name: _short(value) for name, value in face.blendshapes.items()}
    if face.taught is not None:
        shown = face.taught
        body["taught"] = {"name": shown.name, "probability": _short(shown.probability), "since": round(shown.since, 3)}
    if face.points is not None:
        body["points"] = [[round(value, 2) for value in point] for point in face.points]
    return body


def _head(head: Head) -> dict[str, object]:
    return {
        "yaw": _short(head.yaw),
        "pitch": _short(head.pitch),
        "roll": _short(head.roll),
        "position": [_short(value) for value in head.position],
    }


def _eye(eye: Eye) -> dict[str, object]:
    angles = {} if eye.yaw is None or eye.pitch is None else {"yaw": _short(eye.yaw), "pitch": _short(eye.pitch)}
    return {"open": _short(eye.open), **angles}


def _short(value: float) -> float:
    return round(value, 4)
