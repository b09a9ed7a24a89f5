"""Measures one tracked face in one frame: eyes, pose, 3D points and expression, from its landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.face.coefficients import BLINKS
from tracker.face.crop import bounds
from tracker.face.eyes import EyeReader, EyeReading
from tracker.face.features import EYES, raw_features
from tracker.face.gaze import Corners, corners_of, eye_centres, eyes_inside, to_pixels
from tracker.face.memory import FaceMemory
from tracker.face.options import EngineOptions
from tracker.face.points3d import lift, normalise, with_looks
from tracker.face.pose_correction import PoseCorrection
from tracker.face.stopwatch import Stopwatch
from tracker.intrinsics import CameraIntrinsics
from tracker.look import look_vectors
from tracker.types import Expression, Eyes, Face, FloatArray, Frame, Landmarks

MIN_SEEN = 0.3
"""Probability below which an eye is taken to be behind dark glasses: it holds its last openness and gaze."""
MIN_LEARNING_CONFIDENCE = 0.4
MAX_LEARNING_ERROR = 0.25
"""A frame contributes to a person's calibration only with at least this mean confidence, and with a pose whose error is
at most this fraction of the face's size."""


class FaceMeasurer:
    """Turns landmarks into a `Face`, using and updating the face's memory."""

    def __init__(
        self, eye_reader: EyeReader, correction: PoseCorrection, options: EngineOptions, stopwatch: Stopwatch
    ) -> None:
        self._eye_reader, self._correction = eye_reader, correction
        self._options = options
        self._stopwatch = stopwatch

    def read_eyes(self, frame: Frame, found: Sequence[Landmarks]) -> list[EyeReading]:
        """The eyes of all faces of a frame, for `measure`."""
        self._stopwatch.skip()
        readings = self._eye_reader.read_all(frame.bgr, [landmarks.xy for landmarks in found])
        self._stopwatch.lap("eyes")
        return readings

    def measure(
        self,
        frame: Frame,
        memory: FaceMemory,
        found: Landmarks,
        reading: EyeReading,
        camera: CameraIntrinsics,
        size: float,
    ) -> Face:
        """The face with the landmarks `found` and the eyes `reading` in `frame`. size: longer side of the box around
        these landmarks, pixels."""
        assert found.coefficients is not None, "landmarks as a network read them"
        now_s = frame.media_s
        xy, read = reading.refine(found.xy), found.coefficients
        if memory.face_filter is not None:
            xy, read = memory.face_filter.filter(xy, read, now_s, size)
            xy = xy.astype(np.float32)
        landmarks, box = Landmarks(xy, found.confidence), bounds(xy)
        self._stopwatch.skip()
        # The points lie on the head as the solver turned it; the head itself is turned a little further.
        solved = memory.solver.solve(landmarks, memory.head.head, camera, max(box[2:]))
        pose = None if solved is None else self._correction.apply(solved, xy)
        learn = found.mean_confidence >= MIN_LEARNING_CONFIDENCE
        learn = learn and pose is not None and pose.error_px <= MAX_LEARNING_ERROR * size
        self._stopwatch.lap("pose")
        corners = corners_of(xy)
        inside = eyes_inside(corners, frame.width, frame.height)
        visible = [within and seen >= MIN_SEEN for within, seen in zip(inside, reading.seen, strict=True)]
        eyes, openness = self._eyes(memory, reading, corners, found.coefficients.take(BLINKS).tolist(), visible, now_s)
        angles = None
        if pose is not None and self._options.gaze_tracking:
            usable = _where_visible(openness, visible)
            angles = memory.gaze.update(reading, usable, corners, pose, camera, now_s, learn)
        self._stopwatch.lap("eyes")
        points = gaze = memory.lifted = None
        if solved is not None:
            if self._options.adapt_3d:
                memory.head.update(xy, found.confidence, solved, camera)
            memory.lifted = lift(xy, solved, memory.head.head, camera)
            points = normalise(memory.lifted)
            if angles is not None:
                points, gaze = with_looks(points, look_vectors(angles))
        coefficients = memory.coefficients.update(read, openness, angles, now_s, learn)
        expression = _expression(memory, coefficients, openness, now_s, learn)
        self._stopwatch.lap("expression")
        return Face(
            face_id=memory.face_id,
            bounding_box=box,
            landmarks=landmarks,
            eyes=eyes,
            pose=pose,
            points_3d=points,
            expression=expression,
            gaze=gaze,
            blendshapes=coefficients,
        )

    def _eyes(
        self,
        memory: FaceMemory,
        reading: EyeReading,
        corners: Corners,
        blink: Sequence[float],
        visible: Sequence[bool],
        now_s: float,
    ) -> tuple[Eyes, list[float]]:
        """Pupils and openness, the latter once more as plain numbers. corners: of the smoothed landmarks; blink: the
        network's coefficients; visible: neither outside the picture nor behind dark glasses."""
        openness = memory.openness.update(reading.blink, blink, visible, now_s)
        positions = memory.pupils.update(reading.pupil_positions, _where_visible(openness, visible))
        if memory.face_filter is not None:
            # Rounding can take a filtered value past its bounds.
            openness = [min(max(value, 0.0), 1.0) for value in memory.openness_filter.filter(openness, now_s)]
            positions = memory.pupils_filter.filter(positions, now_s)
        rounded = np.array(openness, np.float32)
        if not self._options.gaze_tracking:
            return Eyes(eye_centres(corners), rounded, np.zeros(2, np.float32)), openness
        return Eyes(to_pixels(corners, positions), rounded, np.array(reading.confidence, np.float32)), openness


def _where_visible(openness: Sequence[float], visible: Sequence[bool]) -> list[float]:
    """0 for an eye that is not."""
    return [is_open if is_visible else 0.0 for is_open, is_visible in zip(openness, visible, strict=True)]


def _expression(
    memory: FaceMemory, coefficients: FloatArray, openness: Sequence[float], now_s: float, learn: bool
) -> Expression:
    """The calibrated features. openness: right, left; an eye that closes goes from 0 to -1."""
    values = memory.features.update(raw_features(coefficients).tolist(), now_s, learn)
    for place, is_open in zip(EYES, reversed(openness), strict=True):
        values[place] -= 1.0 - is_open
    return Expression(*values)
