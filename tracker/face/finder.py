"""Find faces in a whole frame and make sure that they are faces.

The detector proposes, generously; the classifier throws out what is hopeless and looks again where the landmarks have
placed the crop. The landmarks' own confidence and the detector have a say as well, but a small one: on masked faces
the landmarks are not sure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.face.classifier import FaceClassifier
from tracker.face.crop import CropBox, crop_around, crop_around_box
from tracker.face.detector import DUPLICATE_IOU, Candidate, Detector, intersection_over_union
from tracker.face.landmarks import LandmarkReader
from tracker.types import Landmarks

ALIGNMENT_PASSES = 2
"""Readings that only centre and turn the crop of a proposal, before the one that counts."""
REJECT_LOG_ODDS = -2.0
"""Log odds of the classifier's first look, at the detector's box, that end the matter without reading landmarks. Half
a unit below what would begin to lose faces of the held-out scenes."""
DETECTOR_WEIGHT, LANDMARKS_WEIGHT = 0.1, 0.4
"""Weights of these two's log odds; those of the classifier's second look count whole."""
MIN_LOG_ODDS = 0.0
"""What all these must add up to. It and the weights were chosen on training scenes that the classifier had not seen."""
KEEP_LOG_ODDS = -1.5
"""The classifier's log odds from which a held face is kept although its landmarks are not sure."""
MIN_CONFIDENCE = 0.02
"""Mean landmark confidence below which nothing is a face unless the user says otherwise."""
MIN_FACE_PX = 8.0
LEANING_ANGLE = math.radians(45)
"""The detector alone misses most heads that lean so far; they are looked for in a picture turned by it."""


@dataclass(frozen=True, slots=True, eq=False)
class CandidateScore:
    """What speaks for a proposal being a face, each in log odds.

    detector: its score; first_look: the classifier at the detector's box; second_look: where the landmarks
    lie; confidence: the landmarks' own.
    """

    landmarks: Landmarks
    detector: float
    first_look: float
    second_look: float
    confidence: float

    @property
    def log_odds(self) -> float:
        """The sum that decides. The first look has no part in it: the second one judges far better."""
        return self.second_look + LANDMARKS_WEIGHT * self.confidence + DETECTOR_WEIGHT * self.detector


def logit(probability: float) -> float:
    """Log odds; certainty is bounded."""
    p = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


class FaceFinder:
    """detectors: tried in order and joined, or, with `only_if_none`, each only where those before found nothing.

    trusted: mean landmark confidence from which a held face needs no second opinion; lowest: below it nothing is
    a face. detection_threshold: score of a proposal.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        reader: LandmarkReader,
        classifier: FaceClassifier,
        *,
        trusted: float,
        lowest: float = MIN_CONFIDENCE,
        detection_threshold: float,
        only_if_none: bool = False,
    ) -> None:
        self._detectors, self._reader, self._classifier = detectors, reader, classifier
        self._trusted, self._lowest, self._detection_threshold = trusted, lowest, detection_threshold
        self._only_if_none = only_if_none
        self._turn = -LEANING_ANGLE

    def detect(self, bgr: npt.NDArray[np.uint8], limit: int, turned: bool = False) -> list[Candidate]:
        """Where faces may be in `bgr` (H, W, 3), likeliest first, at most `limit` per detector.

        turned: look for heads leaning far to one side as well, and the next time to the other.
        """
        found: list[Candidate] = []
        for detector in self._detectors:
            if found and self._only_if_none:
                break
            _join(found, detector.detect(bgr, self._detection_threshold, limit))
        if turned:
            self._turn = -self._turn
            leaning = self._detectors[0].detect_rotated(bgr, self._turn, self._detection_threshold, limit)
            _join(found, leaning)
        return sorted(found, key=lambda candidate: -candidate.detection.score)

    def accept(
        self, bgr: npt.NDArray[np.uint8], candidate: Candidate, min_log_odds: float = MIN_LOG_ODDS
    ) -> Landmarks | None:
        """The landmarks of a proposed face, or None where it is none."""
        weighed = self.score(bgr, candidate)
        return weighed.landmarks if weighed is not None and weighed.log_odds >= min_log_odds else None

    def score(self, bgr: npt.NDArray[np.uint8], candidate: Candidate) -> CandidateScore | None:
        """The landmarks at a proposal and what speaks for their lying on a face; None where that is hopeless."""
        box, score = candidate.detection.box, candidate.detection.score
        first_look = self._classifier.score_box(bgr, box, candidate.roll)
        if first_look < REJECT_LOG_ODDS:
            return None
        crop = crop_around_box(box, candidate.roll)
        for _ in range(ALIGNMENT_PASSES):
            crop = crop_around(self._reader.read(bgr, crop).xy)
        found = self.read(bgr, crop)
        if found is None:
            return None
        second_look = self._classifier.score_landmarks(bgr, found.xy)
        return CandidateScore(found, logit(score), first_look, second_look, logit(found.mean_confidence))

    def read(self, bgr: npt.NDArray[np.uint8], crop: CropBox) -> Landmarks | None:
        """The landmarks in `crop`, or None where there can be no face. How sure they are is for `sure` to say."""
        if crop.side < MIN_FACE_PX:
            return None
        found = self._reader.read(bgr, crop)
        if found.mean_confidence < self._lowest:
            return None
        height, width = bgr.shape[:2]
        # The mean is not finite, and so in no frame, where a point is not.
        ((x, y),) = cv2.reduce(found.xy, 0, cv2.REDUCE_AVG).tolist()
        return found if 0 <= x < width and 0 <= y < height else None

    def is_confident(self, found: Landmarks) -> bool:
        """Whether the landmarks of a held face say by themselves that they lie on one."""
        return found.mean_confidence >= self._trusted

    def is_face(self, bgr: npt.NDArray[np.uint8], found: Landmarks) -> bool:
        """Whether the classifier takes what lies under the landmarks for a face."""
        return self._classifier.score_landmarks(bgr, found.xy) >= KEEP_LOG_ODDS


def _join(found: list[Candidate], further: list[Candidate]) -> None:
    """Add those of `further` to `found` that do not lie on one already there."""
    for candidate in further:
        box = candidate.detection.box
        if all(intersection_over_union(box, other.detection.box) <= DUPLICATE_IOU for other in found):
            found.append(candidate)
