import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("moderngl")

from training.synthetic.makehuman import inner_lip, lid_edge
from training.synthetic.makehuman_points import CANTHUS_ROW, INNER_LIP_ROWS, LIP_MEETING_ROW

COLUMNS, OPPOSITE = 12, 6


def grid(rows: int, half_gap: np.ndarray) -> np.ndarray:
    """(rows, COLUMNS, 3) rings of an opening from -3 to 3 in x, half as high in row r as half_gap[r] says."""
    turn = np.pi - 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    ring = np.column_stack([3 * np.cos(turn), np.sin(turn), np.zeros(COLUMNS)])
    return ring * np.column_stack([np.ones(rows), half_gap, np.zeros(rows)])[:, None]


def test_a_lids_edge_is_the_row_that_reaches_farthest_into_the_opening():
    gaps = np.linspace(1.5, 0.7, 14)
    gaps[11] = 0.4
    edge = lid_edge(grid(14, gaps), OPPOSITE)
    assert edge[3, 1] == pytest.approx(0.4)
    assert edge[9, 1] == pytest.approx(-0.4)


@pytest.mark.parametrize("mirror", [1, -1])
def test_pressed_lips_meet_in_the_middle_of_their_overlap(mirror):
    mouth = grid(12, np.full(12, -0.2))
    mouth[..., 1] += 0.05
    mouth[..., 0] *= mirror
    edge = inner_lip(mouth, OPPOSITE)
    assert edge[1:OPPOSITE, 1] == pytest.approx(edge[:OPPOSITE:-1, 1])
    assert edge[3, 1] == pytest.approx(0.05)


def test_corners_come_from_the_rows_where_lids_and_lips_meet():
    opening = grid(14, np.ones(14))
    opening[CANTHUS_ROW, [0, OPPOSITE], 2] = 7
    assert lid_edge(opening, OPPOSITE)[[0, OPPOSITE], 2].tolist() == [7, 7]
    assert LIP_MEETING_ROW in INNER_LIP_ROWS
    opening[LIP_MEETING_ROW, [0, OPPOSITE], 2] = 5
    assert inner_lip(opening, OPPOSITE)[[0, OPPOSITE], 2].tolist() == [5, 5]
