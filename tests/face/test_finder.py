import numpy as np
import pytest

from tracker.face.acceptance import FLOOR_SHARE, TRUSTED_FACTOR, AcceptancePolicy, logit
from tracker.face.crop import CropBox
from tracker.face.detector import Candidate
from tracker.face.finder import LEANING_ANGLE, FaceFinder
from tracker.face.head import REFERENCE_HEAD
from tracker.types import Detection, Landmarks

FRAME = np.zeros((360, 640, 3), np.uint8)
BOX = CropBox((250.0, 150.0), 120.0, 0.0)


def candidate(x=200.0, score=0.9):
    return Candidate(Detection((x, 100.0, 100.0, 100.0), score), 0.0)


class FakeDetector:
    def __init__(self, *found, leaning=()):
        self.found, self.leaning, self.rotations = list(found), list(leaning), []

    def detect(self, bgr, threshold, limit, levelled=False):
        return [c for c in self.found if c.detection.score >= threshold][:limit]

    def detect_rotated(self, bgr, rotation, threshold, limit):
        self.rotations.append(rotation)
        return self.leaning


class FakeReader:
    """Sees the same face wherever it looks, as sure as it is told."""

    def __init__(self, confidence, centre=(250.0, 150.0)):
        self.confidence, self.centre, self.reads = confidence, centre, 0

    def read(self, bgr, crop):
        self.reads += 1
        xy = REFERENCE_HEAD[:66, :2] * (-90, -90) + self.centre
        return Landmarks(xy.astype(np.float32), np.full(66, self.confidence, np.float32))

    def read_all(self, bgr, crops):
        return [self.read(bgr, crop) for crop in crops]


class FakeClassifier:
    """As sure as it is told: of a detection, and of where the landmarks lie."""

    def __init__(self, score_box=4.0, score_landmarks=4.0):
        self.box_odds, self.points_odds = score_box, score_landmarks

    def score_box(self, bgr, box, roll):
        return self.box_odds

    def score_landmarks(self, bgr, xy):
        return self.points_odds


def finder(
    *detectors, confidence=0.9, only_if_none=False, score_box=4.0, score_landmarks=4.0, min_confidence=0.02, **reader
):
    return FaceFinder(
        list(detectors),
        FakeReader(confidence, **reader),
        FakeClassifier(score_box, score_landmarks),
        AcceptancePolicy(trusted_confidence=0.15, min_confidence=min_confidence),
        only_if_none=only_if_none,
    )


def test_a_proposal_the_classifier_believes_in_is_a_face():
    assert finder().accept(FRAME, candidate()) is not None


def test_a_face_with_unsure_landmarks_is_one_when_the_classifier_says_so():
    assert finder(confidence=0.05).accept(FRAME, candidate()) is not None


def test_what_the_classifier_does_not_believe_in_is_no_face_however_sure_the_landmarks_are():
    assert finder(score_box=-3, score_landmarks=-3, confidence=0.99).accept(FRAME, candidate(score=0.99)) is None


def test_confidence_below_the_lowest_is_no_face_however_sure_the_classifier_is():
    assert finder(confidence=0.5, min_confidence=0.6, score_box=9, score_landmarks=9).accept(FRAME, candidate()) is None


def test_a_hopeless_proposal_costs_no_reading_of_landmarks():
    hopeless = finder(score_box=-9)
    assert hopeless.accept(FRAME, candidate()) is None
    assert hopeless._reader.reads == 0


def test_the_odds_of_detector_classifier_and_landmarks_add_up():
    odds = finder(score_box=1.5, score_landmarks=-0.5, confidence=0.3).score(FRAME, candidate(score=0.8)).log_odds
    assert odds == pytest.approx(0.1 * logit(0.8) - 0.5 + 0.4 * logit(0.3))
    assert (
        finder(score_box=1.5, score_landmarks=-0.5).accept(FRAME, candidate(score=0.8), min_log_odds=odds - 9)
        is not None
    )
    assert (
        finder(score_box=1.5, score_landmarks=-0.5).accept(FRAME, candidate(score=0.8), min_log_odds=odds + 9) is None
    )


def test_a_held_face_is_kept_for_its_landmarks_or_for_the_classifiers_word():
    held = finder(score_landmarks=-2)
    assert held.is_confident(held.read(FRAME, BOX))
    unsure = finder(confidence=0.1, score_landmarks=-2)
    assert not unsure.is_confident(unsure.read(FRAME, BOX)) and not unsure.is_face(FRAME, unsure.read(FRAME, BOX))
    masked = finder(confidence=0.1, score_landmarks=2)
    assert not masked.is_confident(masked.read(FRAME, BOX)) and masked.is_face(FRAME, masked.read(FRAME, BOX))


def test_a_face_whose_middle_is_outside_the_frame_is_none():
    assert finder(centre=(900.0, 150.0)).accept(FRAME, candidate()) is None


def test_detectors_are_joined_without_doubles_likeliest_first():
    both = finder(FakeDetector(candidate(200, 0.7)), FakeDetector(candidate(205, 0.9), candidate(400, 0.8)))
    assert [c.detection.box[0] for c in both.detect(FRAME, 5)] == [400, 200]


def test_trying_hard_asks_the_second_detector_only_where_the_first_finds_nothing():
    fine = FakeDetector(candidate(400, 0.8))
    assert len(finder(FakeDetector(candidate()), fine, only_if_none=True).detect(FRAME, 5)) == 1
    assert len(finder(FakeDetector(), fine, only_if_none=True).detect(FRAME, 5)) == 1


def test_leaning_heads_are_looked_for_to_one_side_and_then_to_the_other():
    detector = FakeDetector(candidate(200, 0.7), leaning=[candidate(203, 0.9), candidate(400, 0.65)])
    leaning = finder(detector)
    assert [c.detection.box[0] for c in leaning.detect(FRAME, 5, rotated=True)] == [200, 400]
    leaning.detect(FRAME, 5, rotated=True)
    leaning.detect(FRAME, 5)
    assert detector.rotations == [LEANING_ANGLE, -LEANING_ANGLE]


@pytest.mark.parametrize("p", [0.0, 1.0, 0.5])
def test_log_odds_are_finite_and_odd(p):
    assert logit(p) == pytest.approx(-logit(1 - p))


def test_the_policy_follows_the_networks_threshold_and_the_users_floor():
    policy = AcceptancePolicy.for_network(0.15, 0.6)
    assert policy.min_confidence == pytest.approx(0.15 * FLOOR_SHARE)
    assert policy.trusted_confidence == pytest.approx(0.15 * TRUSTED_FACTOR)
    chosen = AcceptancePolicy.for_network(0.15, 0.6, floor=0.5)
    assert (chosen.min_confidence, chosen.trusted_confidence) == (0.5, 0.5)


def test_below_the_threshold_the_classifier_must_be_surer():
    policy = AcceptancePolicy.for_network(0.15, 0.6)
    assert policy.keeps(1.0, logit(0.16)) and not policy.keeps(1.0, logit(0.14))
    assert policy.keeps(2.8, logit(0.06))


def test_in_odd_light_what_was_rejected_is_looked_at_again_beside_what_is_new():
    new, old, same = candidate(x=20.0), candidate(x=400.0), candidate(x=22.0)
    in_the_dark = finder(FakeDetector(new))
    assert in_the_dark.detect_levelled(FRAME, 4, [old, same]) == [new, old]
    daylight = np.full_like(FRAME, 120)
    assert in_the_dark.detect_levelled(daylight, 4, [old]) == []
