import cv2
import numpy as np
import pytest

from tracker.face.light import is_unusual, level, level_around


def room(light=1.0, noise=0.0, seed=0):
    """A bright and a dark half with some texture, lit by `light`, with a sensor's noise."""
    rng = np.random.default_rng(seed)
    plain = np.full((120, 160, 3), 60, np.float32)
    plain[:, 80:] = 190
    plain += cv2.resize(rng.normal(0, 15, (12, 16, 1)).astype(np.float32), (160, 120))[..., None]
    return np.clip(plain * light + rng.normal(0, noise, plain.shape), 0, 255).astype(np.uint8)


def test_ordinary_light_is_left_alone():
    assert not is_unusual(room())


@pytest.mark.parametrize("light", [0.08, 0.2, np.array([1, 0.2, 0.1]), np.array([0.1, 1, 0.2]), 2.5])
def test_odd_light_is_noticed_and_levelled_to_the_same_contrast(light):
    odd = room(light, noise=0.5)
    assert is_unusual(odd)
    levelled = level(odd)
    assert (levelled[..., :1] == levelled).all()
    assert levelled[:, 100:].mean() - levelled[:, :60].mean() > (60 if np.max(light) > 2 else 110)


def test_around_a_face_in_the_dark_the_noise_is_smoothed():
    odd = room(0.08, noise=2.0)
    box = (30.0, 20.0, 90.0, 90.0)
    rough, smooth = level(odd), level_around(odd, box)
    inside = np.s_[40:90, 20:70]
    assert smooth[inside].std() < 0.75 * rough[inside].std()


def test_around_a_face_in_coloured_light_nothing_is_smoothed():
    odd = room(np.array([1, 0.2, 0.1]))
    whole = (0.0, 0.0, 160.0, 120.0)
    assert np.array_equal(level_around(odd, whole), level(odd))


def test_beyond_its_surroundings_a_levelled_picture_is_black():
    far = level_around(room(0.1), (0.0, 0.0, 20.0, 20.0))
    assert far[:40, :40].any() and not far[:, 60:].any()


def test_in_near_darkness_steps_finer_than_a_grey_level_are_seen():
    """Averages of noisy pixels are finer than grey levels: a step of 0.4 of one is spread to an edge."""
    rng = np.random.default_rng(3)
    plain = np.full((160, 160, 3), 6.0)
    plain[:, 60:90] += 0.4
    plain[:, 120:] = 14
    odd = np.clip(np.rint(plain + rng.normal(0, 1.0, plain.shape)), 0, 255).astype(np.uint8)
    levelled = level(odd, face_px=120)[30:130].astype(float)
    band, beside = levelled[:, 68:82].mean(), levelled[:, 20:45].mean()
    assert band - beside > 5


@pytest.mark.parametrize("face_px", [50, 120, 400])
def test_smoothing_keeps_size_and_place(face_px):
    odd = room(0.08, noise=1.0)
    smooth = level(odd, face_px)
    assert smooth.shape == odd.shape and smooth.dtype == np.uint8
    profile = smooth[..., 0].astype(float).mean(axis=0)
    assert abs(np.argmax(np.diff(cv2.GaussianBlur(profile[None], (0, 0), 4)[0])) - 79) <= 3
