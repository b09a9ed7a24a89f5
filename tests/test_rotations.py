"""Quaternions, matrices and Euler angles describe the same rotation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import rotations
from tracker.rotations import Quaternion

angles = st.floats(-89.0, 89.0)


@given(angles, angles, st.floats(-179.0, 179.0))
def test_euler_angles_survive_the_way_through_matrix_and_quaternion(pitch: float, yaw: float, roll: float) -> None:
    matrix = rotations.matrix_from_euler(pitch, yaw, roll)
    quaternion = rotations.quaternion_from_matrix(matrix)
    assert quaternion[3] >= 0
    assert np.allclose(rotations.matrix_from_quaternion(quaternion), matrix)
    direct = rotations.quaternion_from_euler(pitch, yaw, roll)
    assert direct[3] >= 0 and np.allclose(rotations.matrix_from_quaternion(np.array(direct)), matrix)
    assert rotations.euler_from_matrix(matrix) == pytest.approx((pitch, yaw, roll), abs=1e-6)


@given(angles, angles)
def test_a_product_rotates_like_the_product_of_the_matrices(yaw: float, pitch: float) -> None:
    a, b = rotations.quaternion_from_yaw_pitch(yaw, pitch), rotations.quaternion_from_yaw_pitch(pitch, yaw)
    product = matrix(a) @ matrix(b)
    assert np.allclose(matrix(rotations.multiply(a, b)), product)
    assert np.allclose(matrix(a), rotations.matrix_from_euler(pitch, yaw, 0.0))
    assert rotations.multiply(a, rotations.inverse(a)) == pytest.approx(rotations.IDENTITY, abs=1e-9)


@given(st.floats(-179.0, 179.0), st.floats(0.0, 1.0))
def test_a_scaled_rotation_has_that_share_of_the_angle(yaw: float, share: float) -> None:
    scaled = rotations.scale_angle(rotations.quaternion_from_yaw_pitch(yaw, 0.0), share)
    assert 2 * math.degrees(math.atan2(scaled[1], scaled[3])) == pytest.approx(yaw * share, abs=1e-6)


def matrix(quaternion: Quaternion) -> np.ndarray:
    return rotations.matrix_from_quaternion(np.array(quaternion))
