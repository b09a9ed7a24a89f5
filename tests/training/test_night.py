import numpy as np
import pytest

from training.night import night


@pytest.mark.parametrize("seed", range(20))
def test_little_light_is_left_and_the_picture_given_is_left_alone(seed):
    picture = np.random.default_rng(0).integers(0, 256, (90, 121, 3), dtype=np.uint8)
    before = picture.copy()
    lit = night(picture, np.random.default_rng(seed))
    assert lit.shape == picture.shape and lit.dtype == np.uint8
    assert np.array_equal(picture, before)
    assert lit.mean() < 0.85 * picture.mean()


def test_noise_differs_from_draw_to_draw():
    flat = np.full((80, 80, 3), 120, np.uint8)
    draws = [night(flat, np.random.default_rng(seed)).astype(int) for seed in range(12)]
    assert len({one.tobytes() for one in draws}) == 12
    assert np.median([one.std() for one in draws]) > 1
