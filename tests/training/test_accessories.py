import numpy as np
import pytest

from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState
from training.accessories import let_hair_fall, put_on_glasses, put_on_hat, put_on_mask


@pytest.fixture(scope="module")
def face():
    picture, exact = DemoFace().render(DemoState())
    return picture, exact.landmarks


def change_at(before, after, xy):
    x, y = np.round(xy).astype(int)
    patch = slice(y - 2, y + 3), slice(x - 2, x + 3)
    return np.abs(after[patch].astype(int) - before[patch].astype(int)).max()


@pytest.mark.parametrize("seed", range(8))
def test_a_mask_hides_mouth_and_chin_and_leaves_the_eyes(face, seed):
    picture, xy = face
    before = picture.copy()
    masked = put_on_mask(picture, xy, np.full_like(picture, (10, 200, 40)), np.random.default_rng(seed))
    assert masked.shape == picture.shape and masked.dtype == np.uint8
    assert np.array_equal(picture, before)
    hidden = [xy[60], xy[64], 0.5 * (xy[55] + xy[t.CHIN])]
    assert np.median([change_at(picture, masked, point) for point in hidden]) > 8
    for eye in (t.RIGHT_EYE, t.LEFT_EYE):
        assert change_at(picture, masked, xy[eye].mean(axis=0)) == 0


@pytest.mark.parametrize("seed", range(8))
def test_glasses_stay_around_the_eyes(face, seed):
    picture, xy = face
    before = picture.copy()
    worn = put_on_glasses(picture, xy, np.random.default_rng(seed))
    assert worn.shape == picture.shape and worn.dtype == np.uint8
    assert np.array_equal(picture, before)
    changed = np.flatnonzero((worn != picture).any(axis=(1, 2)))
    height = xy[33, 1] - xy[27, 1]
    assert len(changed)
    assert changed.min() > xy[27, 1] - 1.5 * height and changed.max() < xy[50, 1]


@pytest.mark.parametrize("seed", range(8))
def test_a_hat_covers_the_forehead_and_leaves_eyes_and_mouth(face, seed):
    picture, xy = face
    before = picture.copy()
    worn = put_on_hat(picture, xy, np.full_like(picture, (10, 200, 40)), np.random.default_rng(seed))
    assert worn.shape == picture.shape and worn.dtype == np.uint8
    assert np.array_equal(picture, before)
    forehead = xy[17:27].mean(axis=0) - 0.45 * (xy[t.CHIN] - xy[27])
    assert change_at(picture, worn, forehead) > 8
    for point in (xy[t.RIGHT_EYE].mean(axis=0), xy[t.LEFT_EYE].mean(axis=0), xy[60], xy[64]):
        assert change_at(picture, worn, point) == 0


@pytest.mark.parametrize("seed", range(8))
def test_hair_falls_over_the_forehead_and_leaves_the_chin(face, seed):
    picture, xy = face
    before = picture.copy()
    worn = let_hair_fall(picture, xy, np.random.default_rng(seed))
    assert worn.shape == picture.shape and worn.dtype == np.uint8
    assert np.array_equal(picture, before)
    changed = np.flatnonzero((worn != picture).any(axis=(1, 2)))
    assert changed.min() < xy[17:27, 1].min() and changed.max() < xy[t.CHIN, 1]
