import numpy as np
import pytest

from tracker import topology as t
from training.landmarks.conventions import fit


@pytest.fixture(scope="module")
def annotated():
    """Meshes of 1500 made-up heads, 100 px between the eyes, and what people set on them.

    People see the tip of the nose a little lower than the mesh, and the chin lower where the mouth is open.
    """
    rng = np.random.default_rng(0)
    mean = rng.normal(0, 40, (478, 3))
    mean[33], mean[263] = (-50, 0, 0), (50, 0, 0)
    opening = rng.uniform(0, 30, 1500)
    mesh = mean + rng.normal(0, 0.3, (1500, 478, 3))
    mesh[:, 17, 1] += opening
    people = mesh[:, : t.N_LANDMARKS, :2].copy()
    people[:, t.NOSE_TIP, 1] += 5
    people[:, t.CHIN, 1] += 0.5 * opening
    return mesh, people


def test_points_lie_where_people_set_them_on_faces_not_fitted_on(annotated):
    mesh, people = annotated
    found = fit(mesh[:1000], people[:1000]).points(mesh[1000:])
    assert np.linalg.norm(found - people[1000:], axis=2).mean() < 1.0


def test_points_follow_turn_size_and_place(annotated):
    mesh, people = annotated
    convention = fit(mesh, people)
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    moved = mesh * 2
    moved[:, :, :2] = moved[:, :, :2] @ quarter + (300, 200)
    expected = 2 * convention.points(mesh) @ quarter + (300, 200)
    assert np.allclose(convention.points(moved), expected, atol=1e-2)
