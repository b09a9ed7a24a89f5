import numpy as np
import pytest

from tracker import topology as t
from training.landmarks.conventions import SHARE, fit


@pytest.fixture(scope="module")
def annotated():
    """Landmarks, meshes and a third annotator's points of 3000 made-up heads at many yaws, 100 px between the eyes.

    The third annotator sees the nose's tip further to the side the head turns to, and the jaw anywhere.
    """
    rng = np.random.default_rng(0)
    shape = rng.normal(0, 20, (66, 2))
    shape[t.RIGHT_EYE_OUTER], shape[t.LEFT_EYE_OUTER] = (-50, 0), (50, 0)
    yaw = rng.uniform(-0.8, 0.8, 3000)
    landmarks = np.repeat(shape[None], 3000, axis=0) + rng.normal(0, 0.5, (3000, 66, 2))
    mesh = rng.normal(0, 1, (3000, 478, 3))
    mesh[:, 10], mesh[:, 152] = (0, -80, 0), (0, 80, 0)
    mesh[:, 468] = np.stack([-30 * np.cos(yaw), 0 * yaw, 30 * np.sin(yaw)], axis=1)
    mesh[:, 473] = -mesh[:, 468]
    third = landmarks + (1.5, -2.0)
    third[:, t.NOSE_TIP, 0] += 4 * yaw
    third[:, t.JAW] += rng.normal(0, 10, (3000, 17, 2))
    return landmarks, mesh, third, yaw


def test_labels_move_to_where_the_pose_puts_the_third_annotators_points(annotated):
    landmarks, mesh, third, yaw = annotated
    corrected = fit(landmarks[:2500], mesh[:2500], third[:2500]).correct(landmarks[2500:], mesh[2500:])
    step = corrected - landmarks[2500:]
    slope = np.polyfit(yaw[2500:], step[:, t.NOSE_TIP, 0], 1)[0]
    assert 0.7 * 4 * SHARE < slope < 1.05 * 4 * SHARE
    assert np.abs(step[:, t.NOSE_TIP, 1]).mean() < 0.5  # a constant offset says nothing
    assert np.abs(step[:, t.JAW]).max() < 1e-4


def test_corrections_turn_with_the_head(annotated):
    landmarks, mesh, third, _ = annotated
    convention = fit(landmarks, mesh, third)
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    turned_mesh = mesh.copy()
    turned_mesh[:, :, :2] = mesh[:, :, :2] @ quarter
    upright = convention.correct(landmarks, mesh) - landmarks
    turned = convention.correct(landmarks @ quarter, turned_mesh) - landmarks @ quarter
    assert np.allclose(turned, upright @ quarter, atol=1e-3)
