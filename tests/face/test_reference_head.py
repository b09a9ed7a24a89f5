"""The reference head keeps the promises that pose and receivers build on."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import topology
from tracker.face.head import REFERENCE_HEAD

PARTNER = np.concatenate([topology.MIRROR, [67, 66, 69, 68]])


def test_the_head_is_exactly_symmetric_and_read_only() -> None:
    np.testing.assert_array_equal(REFERENCE_HEAD[PARTNER] * [-1, 1, 1], REFERENCE_HEAD)
    with pytest.raises(ValueError):
        REFERENCE_HEAD[0, 0] = 1.0


def test_its_origin_is_the_nose_tip_and_its_unit_the_outer_eye_distance() -> None:
    assert REFERENCE_HEAD[topology.NOSE_TIP].tolist() == [0, 0, 0]
    right, left = REFERENCE_HEAD[[topology.RIGHT_EYE_OUTER, topology.LEFT_EYE_OUTER]]
    assert np.linalg.norm(right - left) == pytest.approx(0.632, abs=1e-4)
    assert right[0] > 0 > left[0] and right[1] > 0  # the subject's right is +x, up is +y


def test_eyeballs_lie_behind_pupils_that_look_straight_ahead() -> None:
    for ball, pupil, (outer, inner) in ((68, 66, (36, 39)), (69, 67, (45, 42))):
        corners = REFERENCE_HEAD[[outer, inner]]
        depth = 0.385 * np.linalg.norm(corners[0] - corners[1])
        np.testing.assert_allclose(REFERENCE_HEAD[ball], REFERENCE_HEAD[pupil] - [0, 0, depth], atol=2e-4)
        above = REFERENCE_HEAD[pupil] - corners.mean(axis=0)
        assert abs(above[0]) < 2e-4 and 0 < above[1] < 0.1 * depth / 0.385
        assert corners[:, 2].min() <= REFERENCE_HEAD[pupil, 2] <= corners[:, 2].max()
