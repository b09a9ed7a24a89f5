import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import topology as t
from tracker.face.crop import CropBox, crop_around, crop_around_box, cut, face_roll, shrunk, transform
from tracker.face.head import REFERENCE_HEAD

FRONTAL = REFERENCE_HEAD[:66, :2] * (-200, -200) + (320, 180)  # image right is the subject's left; y down


def turned(points, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    centre = points.mean(axis=0)
    return (points - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(5, 900), st.floats(-3.1, 3.1))
def test_to_crop_and_to_frame_undo_each_other(x, y, side, roll):
    box = CropBox((x, y), side, roll)
    points = np.array([[0.0, 0.0], [10.0, 3.0], [-40.0, 90.0]])
    np.testing.assert_allclose(transform(box.to_frame(96), transform(box.to_crop(96), points)), points, atol=1e-6)


def test_the_crops_centre_is_the_boxs_centre():
    box = CropBox((30.0, 40.0), 50.0, 0.7)
    np.testing.assert_allclose(transform(box.to_crop(112), np.array([30.0, 40.0])), [55.5, 55.5])


@given(st.floats(-1.5, 1.5))
def test_roll_is_read_from_a_turned_face(angle):
    assert face_roll(turned(FRONTAL, angle)) == pytest.approx(angle, abs=1e-6)


@settings(deadline=None)
@given(st.floats(-1.5, 1.5))
def test_a_turned_face_stands_upright_in_its_crop(angle):
    points = turned(FRONTAL, angle)
    inside = transform(crop_around(points).to_crop(112), points)
    eyes = inside[t.LEFT_EYE].mean(axis=0) - inside[t.RIGHT_EYE].mean(axis=0)
    assert abs(eyes[1]) < 1e-6 and eyes[0] > 0
    low, high = inside.min(axis=0), inside.max(axis=0)
    assert low.min() > 5 and high.max() < 106  # a margin all around
    np.testing.assert_allclose((low + high) / 2, 55.5, atol=1e-6)


def test_a_detection_box_gives_the_crop_its_points_would():
    low, high = FRONTAL.min(axis=0), FRONTAL.max(axis=0)
    from_box = crop_around_box((*low, *(high - low)))
    from_points = crop_around(FRONTAL)
    assert from_box.side == pytest.approx(from_points.side)
    np.testing.assert_allclose(from_box.centre, from_points.centre)


@pytest.mark.parametrize("side", [60, 112, 230, 700])
@pytest.mark.parametrize("centre", [(320.0, 180.0), (5.0, 350.0)])
def test_a_pixel_lands_where_the_matrix_says_however_much_is_shrunk(side, centre):
    ys, xs = np.mgrid[:360, :640]
    ramp = np.stack([xs / 4, ys / 2, np.zeros_like(xs)], axis=2).astype(np.uint8)
    box = CropBox(centre, float(side), 0.3)
    crop = cut(ramp, box, 112)
    at = np.array([[20, 30], [56, 56], [90, 70]])
    expected = np.clip(transform(box.to_frame(112), at.astype(float)), 0, (639, 359)) / (4, 2)
    np.testing.assert_allclose(crop[at[:, 1], at[:, 0], :2], expected, atol=2.0)


def test_a_box_far_outside_the_frame_still_gives_a_crop():
    assert cut(np.zeros((36, 64, 3), np.uint8), CropBox((-5000.0, 9000.0), 800.0, 1.0), 80).shape == (80, 80, 3)


@pytest.mark.parametrize(("factor", "roundings"), [(2, 1), (3, 1), (4, 2), (5, 1), (6, 2), (7, 1), (8, 3)])
def test_a_region_is_shrunk_to_the_means_of_its_squares(factor, roundings):
    picture = np.random.default_rng(0).integers(0, 256, (7 * factor, 9 * factor, 3)).astype(np.uint8)
    means = picture.reshape(7, factor, 9, factor, 3).mean(axis=(1, 3))
    assert np.abs(shrunk(picture, factor) - means).max() <= 0.5 * roundings
