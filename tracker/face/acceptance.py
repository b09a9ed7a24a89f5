"""When a detection becomes a tracked face, and when a tracked face remains one."""

from __future__ import annotations

import math
from dataclasses import dataclass

FLOOR_SHARE = 1 / 3
"""The floor over the threshold that the manifest states for a landmark network. Masked faces come close to it; hands,
cloth and faces that are read upside down mostly are below, or the classifier is not sure enough of them."""
DOUBT = 1.0
"""How much higher the log odds must be for a face between the floor and that threshold."""
TRUSTED_FACTOR = 2.0
"""The confidence from which the classifier is not asked, over that threshold."""


@dataclass(frozen=True, slots=True)
class AcceptancePolicy:
    """The thresholds of detection and tracking. Log odds are natural.

    The detector is generous; the classifier rejects most of what it finds and looks again where the landmarks have
    placed the crop. The landmarks' own confidence has a small weight, because it is low on masked faces.

    trusted_confidence: mean landmark confidence at which a tracked face needs no confirmation by the classifier.
    min_confidence: the floor: mean landmark confidence below which nothing is a face, whatever the classifier says.
    detection_score: detector score of a candidate.
    reject_log_odds: the classifier's verdict on the detector's box below which landmarks are not even read. Half a unit
        lower than where faces of the held-out scenes would be lost.
    accept_log_odds: what a candidate's combined log odds must reach. It and the two weights were chosen on training
        scenes that the classifier had not seen (`python -m training.detector.evidence`).
    detector_weight, landmarks_weight: weights in that sum of the detector's and the landmarks' log odds, the
        classifier's being 1.
    keep_log_odds: what classifier and landmarks together must reach for a tracked face with uncertain landmarks.
    keep_s: how long that verdict holds, in seconds of media time.
    min_face_px: side of the smallest crop that is read.
    levelled_log_odds: how much higher than `accept_log_odds` it must be in a levelled picture, whose contrast makes
        faces of folds as well.
    doubtful_log_odds: log odds of the landmarks below which `DOUBT` is added to what must be reached.
    """

    trusted_confidence: float
    min_confidence: float = 0.1
    detection_score: float = 0.6
    reject_log_odds: float = -2.0
    accept_log_odds: float = 0.0
    detector_weight: float = 0.1
    landmarks_weight: float = 0.4
    keep_log_odds: float = 0.0
    keep_s: float = 0.25
    min_face_px: float = 8.0
    levelled_log_odds: float = 1.0
    doubtful_log_odds: float = -math.inf

    @classmethod
    def for_network(cls, threshold: float, detection_score: float, floor: float | None = None) -> AcceptancePolicy:
        """The policy for a landmark network whose faces have at least the mean confidence `threshold`.

        floor: what the user chose instead of the network's own, `FLOOR_SHARE` of `threshold`.
        """
        if floor is None:
            floor = FLOOR_SHARE * threshold
        trusted = max(TRUSTED_FACTOR * threshold, floor)
        return cls(trusted, floor, detection_score, doubtful_log_odds=logit(threshold))

    def keeps(self, classifier: float, landmarks: float) -> bool:
        """Whether a tracked face stays one, by the log odds of the classifier and of the landmarks."""
        return classifier + self.landmarks_weight * landmarks >= self.keep_log_odds + self.doubt(landmarks)

    def doubt(self, landmarks: float) -> float:
        """What a face with these log odds of its landmarks must reach in addition."""
        return DOUBT if landmarks < self.doubtful_log_odds else 0.0

    def combine(self, detector: float, classifier: float, landmarks: float) -> float:
        """A candidate's log odds from those of the detector, the classifier at the landmarks, and the landmarks."""
        return classifier + self.landmarks_weight * landmarks + self.detector_weight * detector


def logit(probability: float) -> float:
    """Log odds of `probability`, which is clamped away from 0 and 1."""
    p = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))
