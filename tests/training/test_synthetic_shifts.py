import numpy as np

from tracker.topology import DENSE_MIRROR, MIRROR
from training.synthetic.ict_shifts import DENSE_SHIFT, LANDMARK_SHIFT


def test_shifts_are_symmetric_and_small():
    for shift, mirror in ((LANDMARK_SHIFT, MIRROR), (DENSE_SHIFT, DENSE_MIRROR)):
        np.testing.assert_array_equal(shift[mirror], shift * [-1, 1])
        assert 0.02 < np.abs(shift).max() < 0.1
