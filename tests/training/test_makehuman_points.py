import numpy as np
import pytest

pytest.importorskip("scipy")

from training.synthetic.makehuman_loops import Net, concentric
from training.synthetic.makehuman_points import (
    at_columns,
    columns_across,
    columns_at,
    fractions,
    nearest_on_surface,
)

COLUMNS, ROWS = 12, 5


@pytest.fixture
def funnel():
    """Vertices and quads (shuffled) of rings that narrow and deepen, the outermost first."""
    turn = 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    rings = [
        np.column_stack([(5 - k) * np.cos(turn), (5 - k) * np.sin(turn), np.full(COLUMNS, -k)]) for k in range(ROWS)
    ]
    quads = [
        [r * COLUMNS + c, r * COLUMNS + (c + 1) % COLUMNS, (r + 1) * COLUMNS + (c + 1) % COLUMNS, (r + 1) * COLUMNS + c]
        for r in range(ROWS - 1)
        for c in range(COLUMNS)
    ]
    return np.concatenate(rings), np.random.default_rng(1).permutation(np.array(quads))


def test_loops_round_an_opening_are_rows_from_outside_in_and_their_columns_are_in_step(funnel):
    vertices, quads = funnel
    grid = concentric(quads, (2 * COLUMNS, 2 * COLUMNS + 1), vertices[:, 2])
    assert grid.shape == (ROWS, COLUMNS)
    assert vertices[grid][..., 2].mean(axis=1).tolist() == [0, -1, -2, -3, -4]
    angle = np.arctan2(vertices[grid][..., 1], vertices[grid][..., 0])
    assert np.ptp(np.exp(1j * angle), axis=0) == pytest.approx(0, abs=1e-9)


def test_a_loop_that_meets_an_open_border_is_none(funnel):
    _, quads = funnel
    across = Net.of(quads).loop(0, COLUMNS)
    assert across is None


def test_a_point_keeps_its_share_of_the_way_between_the_corners():
    square = np.array([[0, 0, 0], [1, 1, 0], [2, 0, 0], [1, -1, 0]], float)
    assert fractions(square, 2).tolist() == [0, 0.5, 1, 1.5]
    kite = np.array([[0, 0, 0], [0.5, 0.5, 0], [1, 1, 0], [2, 0, 0], [1, -1, 0]], float)
    columns = columns_at(kite, 3, np.array([0, 0.5, 1, 1.5]), 2)
    assert columns == pytest.approx([0, 2, 3, 4])
    assert at_columns(kite, columns) == pytest.approx(square)


def test_shares_across_an_eye_are_found_on_both_lids():
    eye = np.array([[0, 0, 0], [1, 1, 0], [3, 1, 0], [4, 0, 0], [3, -1, 0], [1, -1, 0]], float)
    columns = columns_across(eye, 3, (0, 0.5, 1, 0.75, 0.25), 2)
    assert at_columns(eye, columns)[:, 0] == pytest.approx([0, 2, 4, 3, 1])
    assert at_columns(eye, columns)[:, 1] == pytest.approx([0, 1, 0, -1, -1])


def test_the_nearest_place_is_inside_a_triangle_or_on_its_border():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], float)
    index, weights = nearest_on_surface(np.array([[0.25, 0.25, 1], [-3, 0, 0]]), vertices, np.array([[0, 1, 2]]))
    assert np.einsum("pk,pkc->pc", weights, vertices[index]) == pytest.approx(np.array([[0.25, 0.25, 0], [0, 0, 0]]))
