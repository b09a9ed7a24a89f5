"""The packaged classifier on pictures whose content is known."""

import numpy as np
import pytest

from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import bounds
from tracker.face.networks import ModelStore


@pytest.fixture(scope="module")
def classifier():
    return FaceClassifier(ModelStore().load("classifier"))


@pytest.fixture(scope="module")
def demo():
    picture, truth = DemoFace().render(DemoState())
    return picture, truth


def test_it_believes_in_the_demo_face_by_its_box_and_by_its_points(classifier, demo):
    picture, truth = demo
    assert classifier.score_box(picture, bounds(truth.landmarks), 0.0) > 0
    assert classifier.score_landmarks(picture, truth.landmarks) > 0


def test_a_box_beside_the_face_is_none(classifier, demo):
    picture, truth = demo
    x, y, width, height = bounds(truth.landmarks)
    assert classifier.score_box(picture, (x - 1.2 * width, y, width, height), 0.0) < 0


def test_noise_and_ramps_are_no_faces(classifier):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], (240, 320, 3)).copy()
    for picture in (noise, ramp, np.zeros((240, 320, 3), np.uint8)):
        assert classifier.score_box(picture, (110.0, 70.0, 90.0, 90.0), 0.0) < -1


def test_a_mirrored_picture_gives_the_same_odds(classifier, demo):
    picture, truth = demo
    x, y, width, height = bounds(truth.landmarks)
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    there = classifier.score_box(picture, (x, y, width, height), 0.1)
    here = classifier.score_box(mirrored, (picture.shape[1] - x - width, y, width, height), -0.1)
    assert there == pytest.approx(here, abs=0.15)
