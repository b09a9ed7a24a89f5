"""The CSV data log: one row per face and frame, in OpenSeeFace's columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from protocol.openseeface import FEATURE_NAMES
from tracker.errors import FacetrackerError, SettingsError
from tracker.output.files.writable import write_errors_as
from tracker.output.records import NO_POSE_ERROR, WirePose, wire_points_3d
from tracker.types import Face, Frame, FrameResult

# OpenSeeFace names 66 landmarks and points but writes 68 and 70; here the header names them all.
COLUMNS = (
    *("Frame", "Time", "Width", "Height", "FPS", "Face", "FaceID", "RightOpen", "LeftOpen"),
    *("AverageConfidence", "Success3D", "PnPError"),
    *(f"RotationQuat.{axis}" for axis in "XYZW"),
    *(f"{vector}.{axis}" for vector in ("Euler", "RVec", "TVec") for axis in "XYZ"),
    *(f"Landmark[{i}].{part}" for i in range(68) for part in ("X", "Y", "Confidence")),
    *(f"Point3D[{i}].{axis}" for i in range(70) for axis in "XYZ"),
    *FEATURE_NAMES,
)

_WHAT = "the data log"
_LINE_END = "\r\n"


class CsvSink:
    """Writes results in the wire's axes, without recentring.

    is_live: whether Time is Unix time. For a file it is the media time, so that the same file gives the same log.
    fps: the rate requested from a camera; OpenSeeFace writes 0 for files. face_id_offset: added to FaceID.

    Every row is flushed: however the program ends, at most the row being written is lost.
    Raises SettingsError when `path` cannot be written, FacetrackerError when writing fails later (a full disk).
    """

    name = "csv"

    def __init__(self, path: Path, is_live: bool, fps: float = 0.0, face_id_offset: int = 0) -> None:
        self._is_live = is_live
        self._fps = fps
        self._face_id_offset = face_id_offset
        self._path = path
        with write_errors_as(SettingsError, _WHAT, path):
            # newline="": the same line endings on every system.
            self._file = path.open("w", encoding="utf-8", newline="")
        self._write_line(",".join(COLUMNS))

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Append a row for each face in `result`."""
        for number, face in enumerate(result.faces):
            self._write_line(self._row(result, number, face))

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        with write_errors_as(FacetrackerError, _WHAT, self._path):
            self._file.close()

    def _write_line(self, line: str) -> None:
        with write_errors_as(FacetrackerError, _WHAT, self._path):
            self._file.write(line + _LINE_END)
            self._file.flush()

    def _row(self, result: FrameResult, number: int, face: Face) -> str:
        has_pose = face.pose is not None and face.points_3d is not None
        time_s = result.unix_time if self._is_live else result.media_s
        ids = f"{result.frame_index + 1},{time_s:.6f},{result.width},{result.height},{self._fps:g}"
        right_open, left_open = face.eyes.openness
        values = np.concatenate((_pose_values(face), _landmark_values(face), face.expression.as_tuple()))
        return ",".join(
            (
                ids,
                f"{number},{face.face_id + self._face_id_offset}",
                f"{right_open:.7g},{left_open:.7g},{face.landmarks.mean_confidence:.7g},{has_pose}",
                *map("{:.7g}".format, values.tolist()),
            )
        )


def _pose_values(face: Face) -> np.ndarray:
    """PnPError, RotationQuat, Euler, RVec, TVec; zeros without a pose, as on the wire."""
    if face.pose is None or face.points_3d is None:
        return np.array([NO_POSE_ERROR, *[0.0] * 13])
    wire = WirePose.from_pose(face.pose)
    return np.concatenate(([face.pose.error_px], wire.quaternion, wire.euler, wire.rotation_vector, wire.translation))


def _landmark_values(face: Face) -> np.ndarray:
    """x, y and confidence of 68 points, then x, y and z of 70."""
    xy = np.concatenate((face.landmarks.xy, face.eyes.pupils))
    confidence = np.concatenate((face.landmarks.confidence, face.eyes.confidence))
    in_2d = np.column_stack((xy, confidence)).ravel()
    in_3d = np.zeros(210) if face.pose is None or face.points_3d is None else wire_points_3d(face.points_3d).ravel()
    return np.concatenate((in_2d, in_3d))
