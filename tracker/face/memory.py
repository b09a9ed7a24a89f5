"""What outlives a frame about one face: one object per id."""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.face.adaptation import HeadAdaptation
from tracker.face.blendshapes import BlendshapeEstimator
from tracker.face.calibration import FeatureCalibration
from tracker.face.gaze import PupilMemory
from tracker.face.openness import OpennessCalibration
from tracker.face.options import EngineOptions
from tracker.face.pose import PoseSolver
from tracker.face.smoothing import OneEuroFilter
from tracker.types import Expression, Landmarks

_GROUPS = np.zeros(t.N_LANDMARKS, np.intp)  # 0: jaw and nose, which move as the head does
for _number, _members in enumerate((t.RIGHT_BROW, t.LEFT_BROW, t.RIGHT_EYE, t.LEFT_EYE, np.arange(48, 66)), start=1):
    _GROUPS[_members] = _number
_EACH_EYE = np.arange(2)


class FaceMemory:
    """Filters, ranges, pose guess and fitted head of one person, and where the face was last."""

    def __init__(self, face_id: int, options: EngineOptions) -> None:
        self.face_id = face_id
        self.landmarks: Landmarks | None = None  # as measured in the last frame it was seen in
        self.missing_frames = 0
        self.classified_until_s = -np.inf  # media time until which the classifier's word holds
        self.solver = PoseSolver()
        self.head = HeadAdaptation()
        self.features = FeatureCalibration(options.max_feature_updates)
        self.openness = OpennessCalibration(options.max_feature_updates)
        self.pupils = PupilMemory()
        self.blendshapes = BlendshapeEstimator(options.gaze_tracking) if options.blendshapes else None
        self.last_expression = Expression(*[0.0] * 14)
        self._reset_ranges_on_loss = options.max_feature_updates <= 0
        self.points_filter: OneEuroFilter | None = None
        if options.smoothing > 0:
            # Speeds are in face sizes, eye widths and whole openings per second.
            rest = 1 / options.smoothing
            self.points_filter = OneEuroFilter(_GROUPS, min_cutoff_hz=1.2 * rest, gain=20.0, dead_zone=0.05)
            self.pupils_filter = OneEuroFilter(_EACH_EYE, min_cutoff_hz=1.5 * rest, gain=14.0, dead_zone=0.05)
            self.openness_filter = OneEuroFilter(_EACH_EYE, min_cutoff_hz=1.5 * rest, gain=6.0, dead_zone=0.1)
            self.lids_filter = OneEuroFilter(_EACH_EYE, min_cutoff_hz=1.5 * rest, gain=18.0, dead_zone=0.03)

    @property
    def active(self) -> bool:
        """Seen in the last frame."""
        return self.landmarks is not None and self.missing_frames == 0

    def drop(self) -> None:
        """The face is gone for good: what depends on its motion starts afresh, the person's ranges stay."""
        self.landmarks = None
        self.missing_frames = 0
        self.classified_until_s = -np.inf
        self.solver.reset()
        if self.points_filter is not None:
            self.points_filter.reset()
            self.pupils_filter.reset()
            self.openness_filter.reset()
            self.lids_filter.reset()
        if self._reset_ranges_on_loss:
            self.reset_calibration()

    def retake_neutral(self) -> None:
        """Take the expression of the next second for this person's neutral face."""
        self.features.retake_neutral()
        if self.blendshapes is not None:
            self.blendshapes.neutral.retake()

    def reset_calibration(self) -> None:
        """Forget the person's ranges."""
        self.features.reset()
        self.openness.reset()
        if self.blendshapes is not None:
            self.blendshapes.reset()
