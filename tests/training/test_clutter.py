import numpy as np
import pytest

from training.clutter import clutter, folds, knees, letters, panes, script

UNDER = np.full((96, 96, 3), 128, np.uint8)


@pytest.mark.parametrize("draw", [letters, script, panes, knees])
def test_drawings_leave_marks_and_differ(draw):
    drawn = [draw(UNDER.copy(), np.random.default_rng(seed)) for seed in range(6)]
    assert all(one.shape == UNDER.shape and one.dtype == np.uint8 for one in drawn)
    assert np.median([np.abs(one.astype(int) - 128).max() for one in drawn]) > 20
    assert len({one.tobytes() for one in drawn}) == 6


def test_cloth_has_shade():
    assert np.median([folds(96, np.random.default_rng(seed)).std() for seed in range(8)]) > 8


@pytest.mark.parametrize("seed", range(12))
def test_clutter_has_the_size_asked_for_and_keeps_what_it_lies_on(seed):
    under = np.zeros((40, 60, 3), np.uint8)
    assert clutter(72, under, np.random.default_rng(seed)).shape == (72, 72, 3)
    assert not under.any()
