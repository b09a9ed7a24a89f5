import numpy as np
import pytest

from training.hard_light import CASTS, backlit, coloured, dark, hard_light, overexposed


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)


@pytest.mark.parametrize("colour", CASTS.values(), ids=CASTS)
def test_a_lamp_of_one_colour_leaves_its_channels_alone(picture, colour):
    lit = coloured(picture, colour).reshape(-1, 3).mean(axis=0)
    assert np.argmax(lit) == np.argmax(colour)
    assert lit / lit.max() == pytest.approx(np.array(colour) / max(colour), abs=0.03)


def test_own_colours_survive_a_white_lamp(picture):
    assert np.array_equal(coloured(picture, (1, 1, 1), own=1), picture)


def test_darkness_takes_the_light_and_brings_noise(picture):
    flat = np.full((200, 200, 3), 120, np.uint8)
    out = dark(flat, 0.1, 2.0, np.random.default_rng(1))
    assert out.mean() == pytest.approx(12, abs=1)
    assert 1.5 < out.std() < 5
    louder = dark(flat, 0.1, 2.0, np.random.default_rng(1), gain=4)
    assert louder.mean() == pytest.approx(48, abs=3) and louder.std() > 3 * out.std()


def test_overexposure_clips(picture):
    assert (overexposed(picture, 3, 20) == 255).mean() > 0.6


def test_light_from_behind_darkens_the_face_and_brightens_the_rest():
    flat = np.full((120, 160, 3), 120, np.uint8)
    out = backlit(flat, [(60, 30, 40, 40)], 0.2, 240, np.random.default_rng(0))
    assert out[40:60, 70:90].mean() < 50
    assert out[:20, :30].mean() > 200


@pytest.mark.parametrize("seed", range(30))
def test_every_draw_is_a_picture_and_leaves_the_given_one_alone(picture, seed):
    before = picture.copy()
    lit = hard_light(picture, [(30, 20, 40, 40)], np.random.default_rng(seed))
    assert lit.shape == picture.shape and lit.dtype == np.uint8
    assert np.array_equal(picture, before)
    assert np.abs(lit.astype(int) - picture).mean() > 3
