import numpy as np
import pytest

from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState
from training.eyes import irises
from training.eyes.irises import INNER, IRIS, LOWER, OUTER, UPPER, lid_curves, move_iris, stretched_rows
from training.eyes.painted import painted_iris


@pytest.fixture(scope="module")
def eye():
    """The demo face's right eye, 80 px wide, and the 21 points: lids and iris."""
    picture, exact = DemoFace(1920, 1080).render(DemoState())
    corner, top_out, top_in, inner, low_in, low_out = exact.landmarks[t.RIGHT_EYE]
    points = np.empty((21, 2), np.float32)
    columns = np.linspace(0, 1, 9)
    for facing, near_outer, near_inner in ((UPPER, top_out, top_in), (LOWER, low_out, low_in)):
        edge = np.stack([corner, near_outer, near_inner, inner])
        share = [0, 0.35, 0.65, 1]
        points[facing] = np.stack([np.interp(columns[1:-1], share, edge[:, axis]) for axis in (0, 1)], axis=1)
    points[OUTER], points[INNER], points[IRIS] = corner, inner, exact.pupils[0]
    radius = 0.19 * float(np.hypot(*(inner - corner)))
    points[IRIS + 1 :] = points[IRIS] + radius * np.array([[1, 0], [0, -1], [-1, 0], [0, 1]])
    return picture, points


def darkest(picture, points):
    """Mean place of the darkest pixels within the lids, one in thirty."""
    upper, lower = lid_curves(points, picture.shape[1])
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    left, right = sorted(points[[OUTER, INNER], 0])
    inside = (y > upper + 1) & (y < lower - 1) & (x > left + 4) & (x < right - 4)
    grey = picture.astype(float).sum(axis=2)
    dark = inside & (grey <= np.quantile(grey[inside], 0.03))
    return np.array([x[dark].mean(), y[dark].mean()])


@pytest.mark.parametrize("painted", [0.0, 1.0])
@pytest.mark.parametrize("share", [(-0.12, 0.0), (0.12, 0.0), (0.0, 0.05)])
def test_the_iris_moves_by_what_its_points_say(eye, share, painted, monkeypatch):
    monkeypatch.setattr(irises, "PAINTED", painted)
    monkeypatch.setattr("training.eyes.painted.PUPIL", (0.25, 0.25))  # small enough for the lids not to hide it
    picture, points = eye
    shift = np.array(share, np.float32) * np.hypot(*(points[INNER] - points[OUTER]))
    still = move_iris(picture, points, np.zeros(2, np.float32), 0.0, np.random.default_rng(1))
    moved = move_iris(picture, points, shift, 0.0, np.random.default_rng(1))
    assert still is not None
    assert moved is not None
    redrawn, new_points = moved
    np.testing.assert_allclose(new_points[IRIS:], points[IRIS:] + shift, atol=1e-4)
    np.testing.assert_array_equal(new_points[:16], points[:16])
    seen = darkest(redrawn, new_points) - darkest(still[0], points)
    np.testing.assert_allclose(seen, shift, atol=2.0)  # lids and reflections hide a little of the pupil


def test_painted_irises_have_many_colours_and_a_dark_middle():
    y, x = np.mgrid[-10:11, -10:11].astype(np.float32)
    drawn = [painted_iris(x, y, 10.0, np.full(3, 200, np.float32), np.random.default_rng(k)) for k in range(40)]
    rims = np.array([picture[10, 17] for picture in drawn])
    assert rims.std(axis=0).min() > 15
    assert all(picture[10, 10].max() < 0.2 * 200 for picture in drawn)


def test_only_the_eye_changes(eye):
    picture, points = eye
    before = picture.copy()
    redrawn, _ = move_iris(picture, points, np.array([4.0, 0.0], np.float32), 0.0, np.random.default_rng(2))
    assert np.array_equal(picture, before)
    changed = np.argwhere((redrawn != picture).any(axis=2))
    across = np.hypot(*(points[INNER] - points[OUTER]))
    low, high = points[:16].min(axis=0) - 0.12 * across, points[:16].max(axis=0) + 0.12 * across
    assert len(changed) > 20
    assert (changed[:, ::-1] >= low).all() and (changed[:, ::-1] <= high).all()


def test_a_raised_lid_opens_the_eye(eye):
    picture, points = eye
    redrawn, new_points = move_iris(picture, points, np.array([0.0, -3.0], np.float32), 0.3, np.random.default_rng(3))
    gap = points[LOWER, 1] - points[UPPER, 1]
    np.testing.assert_allclose(points[UPPER, 1] - new_points[UPPER, 1], 0.3 * gap, atol=1e-3)
    assert (redrawn != picture).any()


def test_an_eye_of_too_few_pixels_is_left_alone(eye):
    picture, points = eye
    small = points[IRIS] + (points - points[IRIS]) * 0.2
    assert move_iris(picture, small, np.zeros(2, np.float32), 0.0, np.random.default_rng(4)) is None


def test_skin_is_stretched_between_the_fixed_row_and_the_edge():
    rows = stretched_rows(10, np.array([2.0]), np.array([4.0]), np.array([8.0]))[:, 0]
    np.testing.assert_allclose(rows, [0, 1, 2, 2 + 1 / 3, 2 + 2 / 3, 3, 3 + 1 / 3, 3 + 2 / 3, 8, 9], atol=1e-5)
