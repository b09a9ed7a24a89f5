import numpy as np
import pytest

pytest.importorskip("scipy")

from training.synthetic.makehuman_eyes import COLUMNS, THICKNESS_CM, Eyeball, Lids, fit_sphere
from training.synthetic.makehuman_identity import age_shares, features
from training.synthetic.makehuman_looks import ita_of, paint_clothes, skin_colour

RADIUS, INNER_CORNER = 1.5, 13
UPPER = slice(3, 11)


def eye(upper_deg: float, lower_deg: float, rows: int = 13) -> np.ndarray:
    """(rows * COLUMNS, 3) lids as arcs on a sphere, the last row at the opening, corners 55 degrees to the sides."""
    across = np.concatenate([np.linspace(-55, 55, INNER_CORNER + 1), np.linspace(55, -55, COLUMNS - INNER_CORNER + 1)])
    across = np.radians(np.delete(across, [INNER_CORNER + 1, COLUMNS + 1]))
    bow = np.cos(across / np.radians(55) * np.pi / 2)
    is_upper = np.arange(COLUMNS) <= INNER_CORNER
    out = []
    for row in range(rows):
        open_deg = np.where(is_upper, upper_deg, lower_deg) * bow
        away = np.where(is_upper, 1, -1) * (rows - 1 - row) * 2.0
        up = np.radians(open_deg + away)
        out.append(
            1.1 * RADIUS * np.column_stack([np.sin(across), np.cos(across) * np.sin(up), np.cos(across) * np.cos(up)])
        )
    return np.concatenate(out)


GRID = np.arange(13 * COLUMNS).reshape(13, COLUMNS)
BALL = Eyeball(np.zeros(3), RADIUS)


@pytest.mark.parametrize("left_open_deg", [9.0, 0.0, -6.0])
def test_a_whole_blink_closes_whatever_the_shape_leaves_open(left_open_deg):
    neutral = eye(20, -18)
    blinked = eye(-18 + left_open_deg, -18)
    lids = Lids.of(neutral, blinked, GRID, BALL)
    vertices = blinked.copy()
    lids.settle(vertices, blink=1.0, pitch=0.0)
    assert np.degrees(lids.gap(vertices))[UPPER] == pytest.approx(0, abs=0.5)


def test_lids_at_rest_stay_as_they_are():
    neutral = eye(20, -18)
    lids = Lids.of(neutral, eye(-10, -18), GRID, BALL)
    vertices = neutral.copy()
    lids.settle(vertices, blink=0.0, pitch=0.0)
    assert vertices == pytest.approx(neutral)


def test_lids_follow_an_eye_that_looks_down_and_stay_open():
    neutral = eye(20, -18)
    lids = Lids.of(neutral, eye(-10, -18), GRID, BALL)
    vertices = neutral.copy()
    lids.settle(vertices, blink=0.0, pitch=-25.0)
    lower = GRID[-1, INNER_CORNER + 3 : -3]
    assert (vertices[lower, 1] < neutral[lower, 1] - 0.05).all()
    assert (np.degrees(lids.gap(vertices))[UPPER] > 10).all()


def test_no_vertex_of_a_lid_is_nearer_to_the_eyeball_than_the_lid_is_thick():
    neutral = eye(20, -18)
    lids = Lids.of(neutral, eye(-10, -18), GRID, BALL)
    vertices = neutral * 0.8
    lids.settle(vertices, blink=0.5, pitch=0.0)
    distance = np.linalg.norm(vertices[GRID], axis=-1)
    assert (distance >= RADIUS + THICKNESS_CM[:, None] - 1e-6).all()


def test_a_sphere_is_found_from_a_part_of_it():
    rng = np.random.default_rng(3)
    points = rng.normal(0, 1, (80, 3))
    points = points / np.linalg.norm(points, axis=1, keepdims=True) * 2 + [1, 2, 3]
    centre, radius = fit_sphere(points[points[:, 2] > 3])
    assert centre == pytest.approx([1, 2, 3])
    assert radius == pytest.approx(2)


@pytest.mark.parametrize("years", [5, 11, 18, 25, 60, 99])
def test_the_shares_of_ages_are_a_mixture(years):
    shares = age_shares(years)
    assert sum(shares.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares.values())
    assert shares["child"] == 0 or shares["old"] == 0


def test_both_sides_of_a_pair_of_features_go_together_and_macro_shapes_are_none():
    found = features(["l-eye-scale-decr", "r-eye-scale-decr", "r-eye-scale-incr", "asian-male-old", "asym-jaw-1-l"])
    assert found["eye-scale"]["decr"] == ["l-eye-scale-decr", "r-eye-scale-decr"]
    assert found["asym-jaw-1"] == {"l": ["asym-jaw-1-l"]}
    assert set(found) == {"eye-scale", "asym-jaw-1"}


@pytest.mark.parametrize("ita", [-50, -20, 10, 40, 60])
def test_a_skin_has_the_angle_it_was_drawn_for(ita):
    assert ita_of(skin_colour(np.random.default_rng(1), ita)) == pytest.approx(ita, abs=4)


def test_clothes_end_at_a_neckline():
    cloth = paint_clothes(np.random.default_rng(5))
    assert (cloth[-1, :, 3] == 255).all()
    assert (cloth[0, :, 3] == 0).all()
