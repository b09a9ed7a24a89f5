import numpy as np
import pytest

from training.synthetic import eyeball
from training.synthetic.eyeball import CORNEA_DEG, CORNEA_RISE, EDGE_DEG, Iris, eye_radius


@pytest.fixture(scope="module")
def texture():
    return eyeball.paint(np.random.default_rng(0), Iris((0.4, 0.25, 0.15), 22.0, 8.0, (0.8, 0.78, 0.76)), 256)


def at_angle(texture, angle_deg):
    """Mean brightness of the texture round the circle that many degrees from the eye's axis."""
    turn = np.linspace(0, 2 * np.pi, 90)
    radius = angle_deg / EDGE_DEG * 128
    x, y = 127.5 + radius * np.cos(turn), 127.5 + radius * np.sin(turn)
    return texture[y.round().astype(int), x.round().astype(int)].mean()


def test_pupil_iris_and_sclera_reach_as_far_as_they_say(texture):
    pupil, iris, sclera = at_angle(texture, 5), at_angle(texture, 13), at_angle(texture, 27)
    assert pupil < 12 < iris < 150 < sclera
    assert at_angle(texture, 21) < iris  # the limbus is a dark ring


def test_the_first_vertex_is_the_pupil_and_turns_with_the_eye():
    _, vertices = eyeball.build()
    assert vertices[0] == pytest.approx([0, 0, 1 + CORNEA_RISE])
    turned = vertices @ eyeball.turned(np.array([25.0, -10.0])).T
    assert turned[0, 0] > 0 > turned[0, 1]


def test_beyond_the_cornea_the_eye_is_a_ball():
    assert eye_radius(np.array([CORNEA_DEG, 60.0, 100.0])) == pytest.approx(1)


def test_dark_eyes_go_with_dark_skin():
    rng = np.random.default_rng(1)
    light, dark = (np.array([eyeball.sample_iris(rng, d).colour for _ in range(200)]) for d in (0.3, 1.0))
    assert (light[:, 2] > light[:, 0]).any()  # blue ones
    assert not (dark[:, 2] > dark[:, 0]).any()
