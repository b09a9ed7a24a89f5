"""Find faces in a whole frame and make sure that they are faces.

The detector proposes, the landmark network decides: its confidence tells a face from a flower far better than
a detector that must be cheap on every pixel. So proposals may be generous.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, crop_around, crop_around_box
from tracker.face.detector import OVERLAP, Candidate, Detector, intersection_over_union
from tracker.face.landmarks import LandmarkReader
from tracker.types import Landmarks

PLACING_READS = 2
"""Readings that only centre and turn the crop of a proposal, before the one that counts."""
HOPELESS = 0.25
"""A first reading with less than this share of the wanted confidence ends the matter."""
EVIDENCE = 0.1
"""What the log odds of the detection and of the landmarks must add up to: each alone confuses faces with masks on,
or letters and flowers, that the other tells apart. Chosen on training scenes."""
SMALLEST_FACE_PX = 8.0


def logit(probability: float) -> float:
    """Log odds; certainty is bounded."""
    p = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


class FaceFinder:
    """detectors: tried in order and joined, or, with `only_if_none`, each only where those before found nothing.

    threshold: mean landmark confidence of a face. detection_threshold: score of a proposal.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        reader: LandmarkReader,
        threshold: float,
        detection_threshold: float,
        only_if_none: bool = False,
    ) -> None:
        self._detectors, self._reader = detectors, reader
        self._threshold, self._detection_threshold = threshold, detection_threshold
        self._only_if_none = only_if_none

    def propose(self, bgr: npt.NDArray[np.uint8], limit: int) -> list[Candidate]:
        """Where faces may be in `bgr` (H, W, 3), likeliest first, at most `limit` per detector."""
        found: list[Candidate] = []
        for detector in self._detectors:
            if found and self._only_if_none:
                break
            for candidate in detector.detect(bgr, self._detection_threshold, limit):
                box = candidate.detection.box
                if all(intersection_over_union(box, other.detection.box) <= OVERLAP for other in found):
                    found.append(candidate)
        return sorted(found, key=lambda candidate: -candidate.detection.score)

    def confirm(self, bgr: npt.NDArray[np.uint8], candidate: Candidate, evidence: float = EVIDENCE) -> Landmarks | None:
        """The landmarks of a proposed face, or None where it is none."""
        crop = crop_around_box(candidate.detection.box, candidate.roll)
        for _ in range(PLACING_READS):
            rough = self._reader.read(bgr, crop)
            if rough.mean_confidence < HOPELESS * self._threshold:
                return None
            crop = crop_around(rough.xy)
        found = self.read(bgr, crop)
        if found is None or logit(candidate.detection.score) + logit(found.mean_confidence) < evidence:
            return None
        return found

    def read(self, bgr: npt.NDArray[np.uint8], crop: CropBox) -> Landmarks | None:
        """The landmarks in `crop`, or None where there is no face."""
        if crop.side < SMALLEST_FACE_PX:
            return None
        found = self._reader.read(bgr, crop)
        if found.mean_confidence < self._threshold or not np.isfinite(found.xy).all():
            return None
        height, width = bgr.shape[:2]
        x, y = found.xy.mean(axis=0).tolist()
        return found if 0 <= x < width and 0 <= y < height else None
