"""What is remembered about one face from frame to frame: one object per face id."""

from __future__ import annotations

import numpy as np

from tracker.face.adaptation import HeadAdaptation
from tracker.face.calibration import FeatureCalibration
from tracker.face.coefficients import CoefficientEstimator
from tracker.face.crop import CropBox, crop_around
from tracker.face.face_filter import FaceFilter
from tracker.face.gaze import PupilMemory
from tracker.face.gaze_direction import GazeMemory
from tracker.face.motion import Motion
from tracker.face.openness import OpennessCalibration
from tracker.face.options import EngineOptions
from tracker.face.pose import PoseSolver
from tracker.face.smoothing import NumberFilter
from tracker.types import FloatArray, Landmarks


class FaceMemory:
    """Filters, calibration, pose and adapted head of one person, and where their face was last."""

    def __init__(self, face_id: int, options: EngineOptions) -> None:
        self.face_id = face_id
        self.landmarks: Landmarks | None = None  # as read in the last frame the face was found in, unsmoothed
        self.crop: CropBox | None = None  # around those landmarks
        self.missing_frames = 0
        self.hidden_frames = 0  # how long its landmarks have been those of a face before it
        self.unsure = False  # needs the classifier's word, or no pose fits: others are looked for meanwhile
        self.unsolved_since_s: float | None = None  # media time since which no pose fits
        self.ever_solved = False  # whether a pose has fitted since the face was found
        self.motion = Motion()
        self.confirmed_until_s = -np.inf  # media time until which the classifier's last verdict holds
        self.solver = PoseSolver()
        self.lifted: FloatArray | None = None  # (70, 3) the points in the head in the last frame, not normalised
        self.head = HeadAdaptation()
        self.features = FeatureCalibration(options.max_feature_updates)
        self.openness = OpennessCalibration(options.max_feature_updates)
        self.pupils = PupilMemory()
        self.gaze = GazeMemory(options.smoothing, options.max_feature_updates)
        self.coefficients = CoefficientEstimator()
        self._reset_ranges_on_drop = options.max_feature_updates <= 0
        self.face_filter: FaceFilter | None = None
        if options.smoothing > 0:
            # Speeds are in eye widths and whole openings per second.
            rest = 1 / options.smoothing
            self.face_filter = FaceFilter(options.smoothing)
            self.pupils_filter = NumberFilter[complex](min_cutoff_hz=1.5 * rest, gain=14.0, dead_zone=0.05)
            self.openness_filter = NumberFilter[float](min_cutoff_hz=1.5 * rest, gain=6.0, dead_zone=0.1)

    @property
    def active(self) -> bool:
        """Whether the face was found in the last frame."""
        return self.landmarks is not None and self.missing_frames == 0

    def see(self, landmarks: Landmarks) -> None:
        """The face was found at `landmarks` in this frame."""
        self.landmarks, self.missing_frames = landmarks, 0
        # Now, and not when the next frame needs it: then its code and arrays would have to come from main memory.
        self.crop = crop_around(landmarks.xy)

    def restart_motion(self) -> None:
        """Forget position and motion, after an interruption; what was learned about the person stays."""
        self.landmarks = self.crop = None
        self.missing_frames = self.hidden_frames = 0
        self.unsure, self.ever_solved, self.unsolved_since_s = False, False, None
        self.motion.restart()
        self.confirmed_until_s = -np.inf
        self.solver.reset()
        self.gaze.restart_motion()
        if self.face_filter is not None:
            self.face_filter.reset()
            self.pupils_filter.reset()
            self.openness_filter.reset()

    def drop(self) -> None:
        """Stop tracking the face. The id passes to whoever comes next, who must not inherit the shape of this head.

        Calibrated ranges stay, since it is mostly the same user who comes back; they adapt within seconds. With
        ``max_feature_updates`` 0 they go as well.
        """
        self.restart_motion()
        self.head.reset()
        if self._reset_ranges_on_drop:
            self.reset_calibration()

    def hide(self, discard_after: int) -> None:
        """The face is behind another one: its landmarks of this frame are not its own.

        The place where it was last seen stays in `motion`. discard_after: as in `EngineOptions`.
        """
        self.hidden_frames += 1
        if self.hidden_frames > discard_after or self.landmarks is None:
            self.drop()
            return
        self.missing_frames += 1
        self.solver.reset()

    def retake_neutral(self) -> None:
        """Take the expression of the next second as this person's neutral face."""
        self.coefficients.rest.retake()

    def reset_calibration(self) -> None:
        """Forget the person's ranges."""
        self.features.reset()
        self.openness.reset()
        self.gaze.reset()
        self.coefficients.reset()
