import numpy as np
import pytest

from tracker import topology as t
from training.synthetic.glasses import sample_glasses

EYES = np.array([[-3.0, 0.0, 0.0], [3.1, 0.1, 0.0]])
HALF_WIDTH = 7.2


@pytest.fixture(scope="module")
def pairs():
    landmarks = np.zeros((t.N_LANDMARKS, 3))
    landmarks[t.NASION] = [0, 0.5, 2.0]
    rng = np.random.default_rng(7)
    return [sample_glasses(rng, landmarks, EYES, HALF_WIDTH) for _ in range(300)]


def test_some_wear_glasses_and_most_do_not(pairs):
    assert 0.15 < np.mean([pair is not None for pair in pairs]) < 0.35


def test_a_lens_stands_before_each_eye(pairs):
    for pair in filter(None, pairs):
        for eye, lens in zip(EYES, np.split(pair.lenses, 2), strict=True):
            low, high = lens.min(axis=0), lens.max(axis=0)
            assert (low[:2] < eye[:2]).all()
            assert (eye[:2] < high[:2]).all()
            assert low[2] > eye[2] + 1.3


def test_temples_reach_round_the_head_behind_the_eyes(pairs):
    for pair in filter(None, pairs):
        assert pair.frame[:, 0].min() < -HALF_WIDTH
        assert pair.frame[:, 0].max() > HALF_WIDTH
        assert pair.frame[:, 2].min() < EYES[:, 2].min() - 5


def test_every_triangle_of_a_pair_has_an_area(pairs):
    for pair in [pair for pair in pairs if pair is not None][:20]:
        for part in pair.parts():
            a, b, c = part.vertices[part.mesh.triangles].transpose(1, 0, 2)
            assert (np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-5).all()
