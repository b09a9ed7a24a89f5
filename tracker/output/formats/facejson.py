"""The encoder of our own JSON format, for UDP and for the WebSocket server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from protocol import facejson, openseeface
from protocol.openseeface import FEATURE_NAMES
from tracker.output.records import wire_values
from tracker.output.subject import Angles, OutputFrame, gaze_angles, head_angles, head_position_cm
from tracker.topology import BLENDSHAPE_NAMES
from tracker.types import Face, FrameResult, HeadPose

MOST_PACKED = 16
"""Faces whose records fit into one datagram as text."""


class JsonEncoder:
    """Encodes all faces of a frame; a frame without a face has an empty list.

    points: whether to include the landmarks. packed: records and blendshapes as bytes in place of all else. max_bytes:
    limit of a datagram; None for a stream.
    """

    def __init__(
        self,
        blendshapes: bool = True,
        points: bool = False,
        packed: bool = False,
        max_bytes: int | None = facejson.MAX_DATAGRAM_BYTES,
    ) -> None:
        self._blendshapes = blendshapes
        self._points = points
        self._packed = packed
        self._max_bytes = max_bytes

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """One text. Raises ValueError for a value that is not finite."""
        result = frame.result
        if self._packed:
            result = replace(result, faces=result.faces[:MOST_PACKED])
            shapes = {face.face_id + frame.face_id_offset: _packed(face) for face in result.faces}
            records = openseeface.encode_values(wire_values(result, frame.face_id_offset)) if result.faces else b""
            return (facejson.encode_packed(result.frame_index, result.unix_time, records, shapes),)
        message = facejson.Frame(
            index=result.frame_index,
            time=result.unix_time,
            media_time=result.media_s,
            width=result.width,
            height=result.height,
            faces=[self._face(face, frame) for face in result.faces],
        )
        return (facejson.encode(message, self._max_bytes),)

    def _face(self, face: Face, frame: OutputFrame) -> facejson.Face:
        right_open, left_open = face.eyes.openness.tolist()
        gaze = (None, None) if face.gaze is None else gaze_angles(face.gaze)
        shapes = face.blendshapes if self._blendshapes else None
        return facejson.Face(
            id=face.face_id + frame.face_id_offset,
            confidence=face.landmarks.mean_confidence,
            head=None if face.pose is None else _head(face.pose),
            right_eye=_eye(right_open, gaze[0]),
            left_eye=_eye(left_open, gaze[1]),
            features=dict(zip(FEATURE_NAMES, face.expression.as_tuple(), strict=True)),
            blendshapes=None if shapes is None else dict(zip(BLENDSHAPE_NAMES, shapes.tolist(), strict=True)),
            points=face.landmarks.xy.tolist() if self._points else None,
            taught=_taught(face, frame.result),
        )


def _packed(face: Face) -> tuple[bytes, bytes]:
    """The blendshapes as sent and as measured; without any, of a face at rest."""
    sent = np.zeros(len(BLENDSHAPE_NAMES)) if face.blendshapes is None else face.blendshapes
    rows = np.stack([sent, sent if face.measured is None else face.measured])
    both = np.rint(np.clip(rows, 0.0, 1.0) * 255.0).astype(np.uint8)
    return both[0].tobytes(), both[1].tobytes()


def _taught(face: Face, result: FrameResult) -> facejson.Taught | None:
    shown = face.taught
    if shown is None or shown.name is None:
        return None
    return facejson.Taught(shown.name, shown.probability, result.unix_time - (result.media_s - shown.since_s))


def _head(pose: HeadPose) -> facejson.Head:
    angles = head_angles(pose)
    return facejson.Head(angles.yaw, angles.pitch, angles.roll, head_position_cm(pose))


def _eye(openness: float, gaze: Angles | None) -> facejson.Eye:
    return facejson.Eye(openness, *((None, None) if gaze is None else (gaze.yaw, gaze.pitch)))
