"""Finds faces in a whole frame: candidates from the detector, confirmed by the classifier and the landmarks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.face.acceptance import AcceptancePolicy, logit
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import CropBox, crop_around, crop_around_box, middle
from tracker.face.detector import DUPLICATE_IOU, Candidate, Detector, intersection_over_union
from tracker.face.landmarks import LandmarkReader
from tracker.face.light import is_unusual, level_around
from tracker.types import Landmarks

ALIGNMENT_PASSES = 2
"""Landmark readings that only centre and rotate a candidate's crop, before the one that counts."""
LEANING_ANGLE = math.radians(45)
"""The detector misses most heads with this much roll; they are searched for in an image rotated by it."""
ROTATIONS = tuple(
    angle
    for far in (math.radians(90), math.radians(-90), math.radians(180), math.radians(135), math.radians(-135))
    for angle in (LEANING_ANGLE, -LEANING_ANGLE, far)
)
"""The rolls that are searched for in turn, one with each look: leaning heads every third time, somebody who lies down
or hangs upside down within fifteen looks."""

OTHER_WAY_ROUND = math.radians(60)
"""Candidates whose rolls differ by more are two readings of one place."""


@dataclass(frozen=True, slots=True, eq=False)
class CandidateScore:
    """The landmarks of a candidate and the log odds of its being a face.

    detector: from the detector's score. first_look: the classifier at the detector's box. second_look: the classifier
    at the landmarks. confidence: from the landmarks' mean confidence. log_odds: the combination that decides; the
    first look has no part in it, since the second is far more accurate.
    """

    landmarks: Landmarks
    detector: float
    first_look: float
    second_look: float
    confidence: float
    log_odds: float


class FaceFinder:
    """Detects candidates and decides which of them are faces.

    detectors: run in order and merged or, with `only_if_none`, each only if those before found nothing.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        reader: LandmarkReader,
        classifier: FaceClassifier,
        policy: AcceptancePolicy,
        *,
        only_if_none: bool = False,
    ) -> None:
        self.policy = policy
        self._detectors, self._reader, self._classifier = detectors, reader, classifier
        self._only_if_none = only_if_none
        self._looks = 0

    def detect(self, bgr: npt.NDArray[np.uint8], limit: int, rotated: bool = False) -> list[Candidate]:
        """Candidates in `bgr` (H, W, 3), highest score first, at most `limit` per detector.

        rotated: also search for heads with one of `ROTATIONS`, and in the next such call with the next one.
        """
        found: list[Candidate] = []
        for detector in self._detectors:
            if found and self._only_if_none:
                break
            _merge(found, detector.detect(bgr, self.policy.detection_score, limit))
        if rotated:
            rotation = ROTATIONS[self._looks % len(ROTATIONS)]
            self._looks += 1
            _merge(found, self._detectors[0].detect_rotated(bgr, rotation, self.policy.detection_score, limit))
        return sorted(found, key=lambda candidate: -candidate.detection.score)

    def detect_levelled(
        self, bgr: npt.NDArray[np.uint8], limit: int, rejected: Sequence[Candidate] = ()
    ) -> list[Candidate]:
        """Candidates in a levelled copy of `bgr`, for pictures in which nobody is found; none in ordinary light.

        rejected: what `detect` found and was no face, for another look. `accept_levelled` decides about all of them.
        """
        if not is_unusual(bgr):
            return []
        found = self._detectors[0].detect(bgr, self.policy.detection_score, limit, levelled=True)
        _merge(found, list(rejected))
        return found

    def accept(
        self, bgr: npt.NDArray[np.uint8], candidate: Candidate, min_log_odds: float | None = None
    ) -> Landmarks | None:
        """The landmarks of a candidate, or None where it is not a face. min_log_odds: None takes the policy's."""
        if min_log_odds is None:
            min_log_odds = self.policy.accept_log_odds
        score = self.score(bgr, candidate)
        if score is None or score.log_odds < min_log_odds + self.policy.doubt(score.confidence):
            return None
        return score.landmarks

    def accept_levelled(self, bgr: npt.NDArray[np.uint8], candidate: Candidate) -> Landmarks | None:
        """The landmarks of a candidate of `detect_levelled`, or None where it is not a face."""
        levelled = level_around(bgr, candidate.detection.box)
        return self.accept(levelled, candidate, self.policy.accept_log_odds + self.policy.levelled_log_odds)

    def score(self, bgr: npt.NDArray[np.uint8], candidate: Candidate) -> CandidateScore | None:
        """Read the landmarks of a candidate and score it; None where the first look already rejects it."""
        box = candidate.detection.box
        first_look = self._classifier.score_box(bgr, box, candidate.roll)
        if first_look < self.policy.reject_log_odds:
            return None
        crop = crop_around_box(box, candidate.roll)
        for _ in range(ALIGNMENT_PASSES):
            crop = crop_around(self._reader.read(bgr, crop).xy)
        landmarks = self.read(bgr, crop)
        if landmarks is None:
            return None
        detector, confidence = logit(candidate.detection.score), logit(landmarks.mean_confidence)
        second_look = self._classifier.score_landmarks(bgr, landmarks.xy)
        log_odds = self.policy.combine(detector, second_look, confidence)
        return CandidateScore(landmarks, detector, first_look, second_look, confidence, log_odds)

    def read(self, bgr: npt.NDArray[np.uint8], crop: CropBox) -> Landmarks | None:
        """The landmarks in `crop`, or None where no face can be. See `is_confident` for how certain they are."""
        return self.read_all(bgr, (crop,))[0]

    def read_all(self, bgr: npt.NDArray[np.uint8], crops: Sequence[CropBox]) -> list[Landmarks | None]:
        """The same for several crops, in as few runs as the network allows."""
        large = [crop for crop in crops if crop.side >= self.policy.min_face_px]
        read = iter(self._reader.read_all(bgr, large))
        return [self._plausible(bgr, next(read)) if crop.side >= self.policy.min_face_px else None for crop in crops]

    def _plausible(self, bgr: npt.NDArray[np.uint8], landmarks: Landmarks) -> Landmarks | None:
        """The landmarks, or None where no face can be."""
        if landmarks.mean_confidence < self.policy.min_confidence:
            return None
        height, width = bgr.shape[:2]
        # A point that is not finite makes the mean not finite, and so outside every frame.
        x, y = middle(landmarks.xy)
        return landmarks if 0 <= x < width and 0 <= y < height else None

    def is_confident(self, landmarks: Landmarks) -> bool:
        """Whether the landmarks of a tracked face are certain enough to need no confirmation by the classifier."""
        return landmarks.mean_confidence >= self.policy.trusted_confidence

    def is_face(self, bgr: npt.NDArray[np.uint8], landmarks: Landmarks) -> bool:
        """Whether the classifier confirms the tracked face at `landmarks`."""
        return self.policy.keeps(self._classifier.score_landmarks(bgr, landmarks.xy), logit(landmarks.mean_confidence))


def _merge(found: list[Candidate], further: list[Candidate]) -> None:
    """Append those of `further` that do not overlap a candidate already in `found`."""
    for candidate in further:
        if not any(_is_same(candidate, other) for other in found):
            found.append(candidate)


def _is_same(candidate: Candidate, other: Candidate) -> bool:
    """Whether two candidates are one: a face seen upside down must not suppress the same one seen upright."""
    turn = abs(math.remainder(candidate.roll - other.roll, 2 * math.pi))
    overlap = intersection_over_union(candidate.detection.box, other.detection.box)
    return turn < OTHER_WAY_ROUND and overlap > DUPLICATE_IOU
