"""The eyes' landmarks as the eye network places them, and what is told relative to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.errors import ModelError
from tracker.face import eye_points
from tracker.face.eye_points import EYES, LARGEST_STEP, EyeLandmarkMap, eye_frames, to_eye_frame, to_image
from tracker.face.eyes import CROP_WIDTHS, EyeReader
from tracker.face.gaze import corners_of, to_pixels
from tracker.face.networks import ModelStore

EYE_LANDMARKS = EYES.ravel()
WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module", params=["eyes", "eyes_fine"])
def reader(request):
    return EyeReader(ModelStore().load(request.param))


@pytest.fixture(scope="module")
def demo():
    """A picture of the demo face with its truth."""
    return DemoFace(WIDTH, HEIGHT).render(DemoState())


@given(st.complex_numbers(max_magnitude=1e3), st.integers(0, 1))
def test_places_in_an_eye_and_in_the_picture_are_inverse(point, eye):
    xy = np.zeros((t.N_LANDMARKS, 2), np.float32)
    xy[[36, 39, 42, 45]] = (100, 80), (130, 85), (170, 84), (200, 79)
    frame = eye_frames(xy)[0][eye]
    (back,) = to_image(to_eye_frame([point], frame), frame)
    assert abs(back - point) < 1e-9 * max(1, abs(point))


def test_an_eyes_frame_runs_from_its_outer_corner_inwards_and_down():
    xy = np.zeros((t.N_LANDMARKS, 2), np.float32)
    xy[[36, 39, 42, 45]] = (100, 80), (140, 80), (160, 80), (200, 80)
    (right, left), landmarks = eye_frames(xy)
    for places in landmarks:
        assert [places[0], places[3]] == pytest.approx([-0.5, 0.5])
    assert to_eye_frame([120 + 90j], right) == pytest.approx([0.25j])
    assert to_eye_frame([180 + 90j], left) == pytest.approx([0.25j])


def test_the_map_takes_contours_in_fractions_of_the_crop_as_well():
    rng = np.random.default_rng(0)
    fractions = rng.uniform(0.2, 0.8, (2, 16, 2)).astype(np.float32)
    places = [list(rng.normal(0, 0.3, 6) + 1j * rng.normal(0, 0.1, 6)) for _ in range(2)]
    expected = EyeLandmarkMap().predict(places, (fractions - 0.5) * CROP_WIDTHS)
    np.testing.assert_allclose(EyeLandmarkMap(CROP_WIDTHS).predict(places, fractions), expected, atol=1e-6)


def test_careless_landmarks_of_the_eyes_come_closer(reader, demo):
    picture, truth = demo
    rng = np.random.default_rng(1)
    before, after = [], []
    for _ in range(60):
        careless = truth.landmarks.astype(np.float32)
        careless[EYE_LANDMARKS] += rng.normal(0, 1.2, (12, 2))
        better = reader.read(picture, careless).refine(careless)
        np.testing.assert_array_equal(np.delete(better, EYE_LANDMARKS, 0), np.delete(careless, EYE_LANDMARKS, 0))
        before.append(careless[EYE_LANDMARKS])
        after.append(better[EYE_LANDMARKS])
    assert np.std(after, axis=0).mean() < 0.85 * np.std(before, axis=0).mean()
    # The demo face marks its eyes as an automatic annotator does, the map as people do: 2 to 3 % of the eyes' distance.
    assert np.linalg.norm(np.mean(after, axis=0) - truth.landmarks[EYE_LANDMARKS], axis=1).mean() < 2.0


def test_pupils_stay_where_they_are_whatever_the_corners_are(reader, demo):
    picture, truth = demo
    exact = truth.landmarks.astype(np.float32)
    width = np.linalg.norm(exact[39] - exact[36])
    for shift in (-0.05, 0.0, 0.05):
        moved = exact.copy()
        moved[EYE_LANDMARKS] += shift * width
        reading = reader.read(picture, moved)
        pupils = to_pixels(corners_of(reading.refine(moved)), reading.pupil_positions)
        assert np.linalg.norm(pupils - truth.pupils, axis=1).max() < 0.1 * width


def test_a_mirrored_picture_is_read_as_the_mirror_image(reader, demo):
    picture, truth = demo
    xy = truth.landmarks.astype(np.float32)
    mirrored = xy[t.MIRROR] * (-1, 1) + np.array((WIDTH - 1, 0), np.float32)
    seen = reader.read(picture, xy)
    other = reader.read(np.ascontiguousarray(picture[:, ::-1]), mirrored.astype(np.float32))
    as_seen = other.refine(mirrored)[t.MIRROR] * (-1, 1) + (WIDTH - 1, 0)
    np.testing.assert_allclose(as_seen, seen.refine(xy), atol=0.05)
    np.testing.assert_allclose(-np.conj(other.pupil_positions)[::-1], seen.pupil_positions, atol=0.005)


def test_without_an_eye_to_be_seen_no_point_goes_far(reader, demo):
    _, truth = demo
    xy = truth.landmarks.astype(np.float32)
    noise = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    step = np.linalg.norm(reader.read(noise, xy).refine(xy) - xy, axis=1)
    assert step.max() <= (LARGEST_STEP + 1e-3) * np.linalg.norm(xy[39] - xy[36])


def test_eyes_without_any_width_are_read_all_the_same(reader, demo):
    picture, _ = demo
    reading = reader.read(picture, np.full((t.N_LANDMARKS, 2), 100, np.float32))
    assert np.isfinite(reading.points).all() and np.isfinite(reading.pupil_positions).all()
    assert np.abs(reading.points - 100).max() < 1


@pytest.mark.parametrize("content", [None, b"not an archive", b"", eye_points.ASSET.read_bytes()[:900]])
def test_a_missing_or_damaged_map_is_said(tmp_path, monkeypatch, content):
    file = tmp_path / "eye_points.npz"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(eye_points, "ASSET", file)
    with pytest.raises(ModelError, match="missing or damaged"):
        EyeReader(ModelStore().load("eyes"))
