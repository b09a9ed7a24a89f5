import numpy as np
import pytest

from tracker.face.detector import Candidate
from tracker.face.finder import EVIDENCE, FaceFinder, logit
from tracker.face.head import REFERENCE_HEAD
from tracker.types import Detection, Landmarks

FRAME = np.zeros((360, 640, 3), np.uint8)


def candidate(x=200.0, score=0.9):
    return Candidate(Detection((x, 100.0, 100.0, 100.0), score), 0.0)


class FakeDetector:
    def __init__(self, *found):
        self.found = list(found)

    def detect(self, bgr, threshold, limit):
        return [c for c in self.found if c.detection.score >= threshold][:limit]


class FakeReader:
    """Sees the same face wherever it looks, as sure as it is told."""

    def __init__(self, confidence, centre=(250.0, 150.0)):
        self.confidence, self.centre, self.reads = confidence, centre, 0

    def read(self, bgr, crop):
        self.reads += 1
        xy = REFERENCE_HEAD[:66, :2] * (-90, -90) + self.centre
        return Landmarks(xy.astype(np.float32), np.full(66, self.confidence, np.float32))


def finder(*detectors, confidence=0.9, only_if_none=False, **reader):
    return FaceFinder(list(detectors), FakeReader(confidence, **reader), 0.15, 0.6, only_if_none)


def test_a_sure_detection_with_sure_landmarks_is_a_face():
    assert finder().confirm(FRAME, candidate()) is not None


def test_landmarks_below_the_threshold_are_no_face_however_sure_the_detector_is():
    assert finder(confidence=0.1).confirm(FRAME, candidate(score=0.999)) is None


def test_hopeless_landmarks_cost_one_reading_only():
    hopeless = finder(confidence=0.01)
    assert hopeless.confirm(FRAME, candidate()) is None
    assert hopeless._reader.reads == 1


def test_weak_landmarks_need_a_stronger_detection():
    weak = finder(confidence=0.3)
    assert weak.confirm(FRAME, candidate(score=0.6)) is None
    assert weak.confirm(FRAME, candidate(score=0.95)) is not None
    assert logit(0.3) + logit(0.6) < EVIDENCE < logit(0.3) + logit(0.95)


def test_a_face_whose_middle_is_outside_the_frame_is_none():
    assert finder(centre=(900.0, 150.0)).confirm(FRAME, candidate()) is None


def test_detectors_are_joined_without_doubles_likeliest_first():
    both = finder(FakeDetector(candidate(200, 0.7)), FakeDetector(candidate(205, 0.9), candidate(400, 0.8)))
    assert [c.detection.box[0] for c in both.propose(FRAME, 5)] == [400, 200]


def test_trying_hard_asks_the_second_detector_only_where_the_first_finds_nothing():
    fine = FakeDetector(candidate(400, 0.8))
    assert len(finder(FakeDetector(candidate()), fine, only_if_none=True).propose(FRAME, 5)) == 1
    assert len(finder(FakeDetector(), fine, only_if_none=True).propose(FRAME, 5)) == 1


@pytest.mark.parametrize("p", [0.0, 1.0, 0.5])
def test_log_odds_are_finite_and_odd(p):
    assert logit(p) == pytest.approx(-logit(1 - p))
