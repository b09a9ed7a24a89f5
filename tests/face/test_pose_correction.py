"""The correction of pitch and yaw, with maps made up here and with the packaged ones."""

import numpy as np
import pytest

from tracker import topology
from tracker.errors import ModelError
from tracker.face import pose_correction
from tracker.face.head import REFERENCE_HEAD
from tracker.face.pose import PoseSolver
from tracker.face.pose_correction import (
    ASSET,
    LARGEST_STEP_DEG,
    N_FEATURES,
    N_HIDDEN,
    PoseCorrection,
    pose_features,
)
from tracker.intrinsics import CameraIntrinsics
from tracker.rotations import matrix_from_euler
from tracker.types import HeadPose, Landmarks

CAMERA = CameraIntrinsics(640, 360, 640.0)


def seen_at(pitch, yaw, roll):
    pose = HeadPose.from_rotation(matrix_from_euler(pitch, yaw, roll), np.array([0.2, 0.1, 6.0]), 0.0)
    return CAMERA.project(pose.to_camera(REFERENCE_HEAD[:66])).astype(np.float32)


def solve(xy):
    return PoseSolver().solve(Landmarks(xy, np.ones(66, np.float32)), REFERENCE_HEAD, CAMERA)


def a_correction(monkeypatch, tmp_path, pitch, yaw):
    """One that reads these constant angles."""
    weights = np.zeros((2, N_FEATURES + N_HIDDEN), np.float32)
    weights[:, 0] = pitch, yaw  # the constant
    np.savez(tmp_path / "map.npz", made_up=weights, made_up_hidden=np.zeros((N_HIDDEN, N_FEATURES), np.float32))
    monkeypatch.setattr(pose_correction, "ASSET", tmp_path / "map.npz")
    return PoseCorrection("made_up")


def test_features_do_not_change_with_place_and_size():
    xy = seen_at(10, 20, 0)
    np.testing.assert_allclose(pose_features(xy * 1.7 + (30, -12), 6.0), pose_features(xy, 6.0), atol=1e-4)


def test_roll_is_taken_out_of_the_points():
    upright, rolled = pose_features(seen_at(0, 0, 0), 6.0), pose_features(seen_at(0, 0, 25), 6.0)
    np.testing.assert_allclose(rolled[3:], upright[3:], atol=0.05)
    assert rolled[1] != pytest.approx(upright[1], abs=0.5)


def test_pitch_and_yaw_are_replaced_and_the_rest_stays(monkeypatch, tmp_path):
    xy = seen_at(8, -12, 5)
    solved = solve(xy)
    pose = a_correction(monkeypatch, tmp_path, 14.0, -10.0).apply(solved, xy)
    np.testing.assert_allclose(pose.euler_deg, [14, -10, solved.euler_deg[2]], atol=1e-4)
    np.testing.assert_array_equal(pose.translation, solved.translation)
    assert pose.error_px == solved.error_px


def test_a_step_is_bounded_and_fades_towards_profiles(monkeypatch, tmp_path):
    correction = a_correction(monkeypatch, tmp_path, 90.0, 0.0)
    xy = seen_at(0, 0, 0)
    assert correction.apply(solve(xy), xy).euler_deg[0] == pytest.approx(LARGEST_STEP_DEG, abs=0.5)
    xy = seen_at(0, 85, 0)
    solved = solve(xy)
    np.testing.assert_allclose(correction.apply(solved, xy).euler_deg, solved.euler_deg, atol=1e-6)


@pytest.mark.parametrize("model", range(-3, 4))
def test_every_network_has_a_map_that_a_mirror_does_not_change(model):
    correction = PoseCorrection(f"landmarks_{model}")
    xy = seen_at(10, 20, 5)
    pitch, yaw = correction.angles(xy, 6.0)
    mirrored = correction.angles((xy[topology.MIRROR[:66]] * [-1, 1] + [CAMERA.width - 1, 0]).astype(np.float32), 6.0)
    assert mirrored == pytest.approx((pitch, -yaw), abs=0.05)
    more = [correction.angles(seen_at(p, 0, 0), 6.0)[0] for p in (-20, 0, 20)]
    assert more == sorted(more) and more[2] - more[0] > 25


@pytest.mark.parametrize("turned", [(10, 20, -30), (-25, -40, 170), (0, 0, 0)])
def test_the_angles_are_the_weights_products_with_the_features(turned):
    with np.load(ASSET) as stored:
        weights, hidden = (stored[name].astype(np.float64) for name in ("landmarks_0", "landmarks_0_hidden"))
    xy, distance = seen_at(*turned), 5.0
    features = pose_features(xy, distance)
    expected = weights @ np.concatenate([features, np.tanh(hidden @ features)])
    assert PoseCorrection("landmarks_0").angles(xy, distance) == pytest.approx(tuple(expected), abs=1e-6)


def test_a_network_without_a_map_is_an_error():
    with pytest.raises(ModelError, match="pose_correction"):
        PoseCorrection("landmarks_99")
