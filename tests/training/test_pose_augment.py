"""Photographs turned into other poses."""

import numpy as np
import pytest

pytest.importorskip("torch")

from training.landmarks.pose_augment import MOST_YAW, random_change, rotation


@pytest.mark.parametrize("turned", [-0.7, 0.0, 0.7])
def test_no_face_is_turned_beyond_the_limit_and_turned_ones_come_back(turned):
    mesh = np.zeros((478, 3))
    mesh[473] = rotation(turned, 0.0) @ (1.0, 0.0, 0.0)  # the left eye, from the right one
    landmarks = np.random.default_rng(0).normal(size=(66, 2))
    rng = np.random.default_rng(1)
    final = []
    for _ in range(500):
        nose = random_change(mesh, landmarks, False, rng).turn @ rotation(turned, 0.0) @ (0.0, 0.0, -1.0)
        final.append(-np.arctan2(nose[0], np.hypot(nose[1], nose[2])))
    assert np.abs(final).max() < MOST_YAW + 0.05
    if turned:
        assert np.abs(final).min() < 0.1
