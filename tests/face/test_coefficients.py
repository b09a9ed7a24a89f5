"""The 52 coefficients of one person, from hand-made readings."""

import json

import numpy as np
import pytest

from tracker import topology as t
from tracker.face.coefficients import SIDEWAYS_FULL_DEG, VERTICAL_FULL_DEG, CoefficientEstimator
from tracker.face.face_filter import FaceFilter
from tracker.face.resting_face import LARGEST_REST, RestingFace

INDEX = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}
SMILE, PUCKER, BLINK = (INDEX[name] for name in ("mouthSmileLeft", "mouthPucker", "eyeBlinkLeft"))
OPEN = np.ones(2)
FPS = 30


def reading(**values):
    read = np.zeros(len(INDEX), np.float32)
    for name, value in values.items():
        read[INDEX[name]] = value
    return read


def feed(rest, read, seconds, start_s=0.0):
    for k in range(round(seconds * FPS)):
        values = rest.update(read, start_s + k / FPS, learn=True)
    return values


def test_the_first_frame_passes_as_it_was_read():
    smile = reading(mouthSmileLeft=0.7)
    values = CoefficientEstimator().update(smile, OPEN, None, 0.0, learn=True)
    np.testing.assert_allclose(values, smile, atol=1e-6)


def test_what_a_face_always_shows_slowly_becomes_its_rest():
    rest, lips = RestingFace(), reading(mouthPucker=0.15)
    assert feed(rest, lips, 2)[PUCKER] == pytest.approx(0.15, abs=1e-6), "not in the first seconds"
    assert feed(rest, lips, 60, start_s=2)[PUCKER] < 0.02
    assert rest.update(reading(mouthPucker=1.0), 62.0, learn=True)[PUCKER] == pytest.approx(1.0)


def test_a_smile_stays_a_smile_however_long_it_is_held():
    rest = RestingFace()
    assert feed(rest, reading(mouthSmileLeft=0.8), 600)[SMILE] == pytest.approx(0.8)


def test_talking_does_not_become_the_rest():
    rest = RestingFace()
    for k in range(120 * FPS):
        opened = 0.3 * (1 + np.sin(k / 3)) / 2
        values = rest.update(reading(jawOpen=opened), k / FPS, learn=True)
    assert values[INDEX["jawOpen"]] > 0.8 * opened


def test_the_rest_is_bounded_and_forgets_quickly():
    rest = RestingFace()
    assert feed(rest, reading(browInnerUp=0.34), 600)[INDEX["browInnerUp"]] >= 0.34 - LARGEST_REST
    feed(rest, reading(), 10, start_s=600)
    assert rest.update(reading(browInnerUp=0.34), 610.0, learn=True)[INDEX["browInnerUp"]] > 0.3


def test_recentring_takes_the_next_second_for_the_rest():
    rest, odd = RestingFace(), reading(mouthPucker=0.4, browDownLeft=0.2)
    feed(rest, odd, 1)
    rest.retake()
    assert feed(rest, odd, 1.2, start_s=1).max() < 1e-6


def test_frames_that_are_not_to_be_trusted_teach_nothing():
    rest, odd = RestingFace(), reading(mouthPucker=0.2)
    for k in range(100 * FPS):
        values = rest.update(odd, k / FPS, learn=False)
    assert values[PUCKER] == pytest.approx(0.2)


def test_a_kept_rest_holds_from_the_first_frame():
    first, lips = RestingFace(), reading(mouthPucker=0.2)
    feed(first, lips, 120)
    second = RestingFace()
    second.restore(json.loads(json.dumps(first.export())))
    assert second.update(lips, 0.0, learn=True)[PUCKER] < 0.03


@pytest.mark.parametrize("damage", [[], {}, {"rest": 3}, {"rest": {"mouthPucker": 7}}, {"rest": {"jawOpen": "x"}}])
def test_a_damaged_profile_is_refused(damage):
    with pytest.raises(ValueError, match="'rest'"):
        RestingFace().restore(damage)


def test_blinks_and_looks_to_the_sides_are_the_eye_networks_and_up_and_down_is_told_by_both():
    estimator = CoefficientEstimator()
    gaze = np.array([[10.0, -12.0], [10.0, -12.0]])  # both to the subject's left, and down
    values = estimator.update(
        reading(eyeBlinkLeft=0.9, eyeWideLeft=0.6, eyeLookUpLeft=0.4), np.array([1.0, 0.25]), gaze, 0.0, learn=True
    )
    assert values[BLINK] == pytest.approx(0.75) and values[INDEX["eyeBlinkRight"]] == 0
    assert values[INDEX["eyeWideLeft"]] == pytest.approx(0.15), "a closing eye is not wide"
    for name in ("eyeLookInRight", "eyeLookOutLeft"):
        assert values[INDEX[name]] == pytest.approx(10 / SIDEWAYS_FULL_DEG)
    for name in ("eyeLookOutRight", "eyeLookInLeft"):
        assert values[INDEX[name]] == 0
    down = (12 / VERTICAL_FULL_DEG - 0.4 / 2) / 2  # the mean of both networks, each the mean of both eyes
    for side in ("Right", "Left"):
        assert values[INDEX[f"eyeLookDown{side}"]] == pytest.approx(down) and values[INDEX[f"eyeLookUp{side}"]] == 0


def test_smoothing_steadies_noise_and_lets_a_quick_smile_through():
    rng, filter_, points = np.random.default_rng(0), FaceFilter(1.0), np.zeros((66, 2))
    raw, steady = [], []
    for k in range(60):
        read = np.clip(reading(mouthSmileLeft=0.3) + rng.normal(0, 0.03, 52), 0, 1).astype(np.float32)
        raw.append(read[SMILE])
        steady.append(filter_.filter(points, read, k / FPS, 1.0)[1][SMILE])
    assert np.std(steady[20:]) < 0.7 * np.std(raw[20:])
    for k in range(60, 64):  # four frames: 133 ms
        _, values = filter_.filter(points, reading(mouthSmileLeft=0.9), k / FPS, 1.0)
    assert values[SMILE] > 0.75
