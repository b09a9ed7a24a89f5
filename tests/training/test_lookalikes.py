import numpy as np
import pytest

from tracker.capture.demo.source import DemoFace, DemoState
from training.gear import put_before_microphone, put_on_headphones, put_on_hood
from training.lookalikes import avatar, emoji, hand, lookalike, on_screen

EYES = slice(36, 48)


@pytest.fixture(scope="module")
def face():
    picture, exact = DemoFace().render(DemoState())
    return picture, exact.landmarks


@pytest.mark.parametrize("draw", [hand, avatar, emoji])
def test_drawings_differ_from_each_other_and_cover_the_middle(draw):
    under = np.full((96, 96, 3), 128, np.uint8)
    first, second = (draw(under.copy(), np.random.default_rng(seed)) for seed in (1, 2))
    assert first.shape == under.shape and first.dtype == np.uint8
    assert np.abs(first[32:64, 32:64].astype(int) - 128).mean() > 10
    assert np.abs(first.astype(int) - second).mean() > 5


def test_a_screen_has_a_frame_of_one_colour():
    shown = on_screen(np.full((96, 96, 3), 200, np.uint8), np.random.default_rng(0))
    assert len(np.unique(shown[0].reshape(-1, 3), axis=0)) == 1
    assert shown[48, 48].mean() > shown[0, 0].mean()


@pytest.mark.parametrize("seed", range(12))
def test_a_lookalike_has_the_size_asked_for_and_keeps_what_it_lies_on(seed):
    under = np.zeros((40, 60, 3), np.uint8)
    assert lookalike(72, under, np.random.default_rng(seed)).shape == (72, 72, 3)
    assert not under.any()


def changed_share(before, after, xy):
    """Of the pixels at points `xy` (n, 2)."""
    x, y = np.round(xy).astype(int).T
    return np.mean(np.abs(after[y, x].astype(int) - before[y, x]).max(axis=1) > 2)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wear", [put_on_hood, put_on_headphones])
def test_what_is_worn_leaves_eyes_and_mouth_free(face, wear, seed):
    picture, xy = face
    before = picture.copy()
    worn = wear(picture, xy, np.random.default_rng(seed))
    assert np.array_equal(picture, before) and worn.dtype == np.uint8
    assert (worn != picture).any(axis=2).mean() > 0.005
    assert changed_share(picture, worn, xy[EYES]) == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_microphone_never_hides_the_eyes(face, seed):
    picture, xy = face
    held = put_before_microphone(picture, xy, np.random.default_rng(seed))
    assert (held != picture).any()
    assert changed_share(picture, held, xy[EYES]) == 0
