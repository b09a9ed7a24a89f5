from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker.errors import SettingsError
from tracker.rotations import matrix_from_euler
from training.synthetic.eyeball import turned
from training.synthetic.scene import gaze_to_camera, sample_camera, sample_lighting, sample_stand
from training.synthetic.shards import RenderSet, encoded, set_folder, shard_file, write_shard
from training.synthetic.staging import MODEL_TO_CAMERA, Camera
from training.synthetic.truth import ARRAYS, DRAWN, Truth, stack


def a_truth(**changes):
    truth = Truth(
        coefficients=np.linspace(0, 1, 52, dtype=np.float32),
        known=np.ones(52, bool),
        points=np.arange(306, dtype=np.float32).reshape(153, 2),
        visible=np.ones(153, bool),
        pupils=np.zeros((2, 2)),
        lids=np.zeros((2, 16, 2)),
        openness=np.array([1.0, 0.5]),
        gaze_deg=np.zeros((2, 2)),
        rotation=np.eye(3),
        translation=np.array([0.1, 0.2, 5.0]),
        focal_px=400.0,
        identity=7,
        neutral=False,
        skin_ita=20.0,
        glasses=True,
        family=0,
    )
    return replace(truth, **changes)


@pytest.mark.parametrize(("name", "shape"), [("points", (66, 2)), ("lids", (16, 2)), ("coefficients", (51,))])
def test_wrong_shapes_are_refused(name, shape):
    with pytest.raises(ValueError, match=rf"Truth\.{name} must have shape"):
        a_truth(**{name: np.zeros(shape)})


def test_stacked_truths_have_the_picture_first():
    stacked = stack([a_truth(), a_truth(identity=8, age=40.0)])
    assert set(stacked) == set(ARRAYS)
    for name, (shape, kind) in ARRAYS.items():
        assert stacked[name].shape == (2, *shape) and stacked[name].dtype == kind
    assert list(stacked["identity"]) == [7, 8]
    assert np.isnan(stacked["age"][0]) and stacked["age"][1] == 40


def test_a_set_is_read_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setenv("FACETRACKER_RUNS", str(tmp_path))
    set_folder("some").mkdir(parents=True)
    pictures = [np.full((32, 32, 3), value, np.uint8) for value in (10, 200, 90)]
    write_shard(shard_file("some", 0), [encoded(p) for p in pictures[:2]], [a_truth(), a_truth(identity=8)])
    write_shard(shard_file("some", 1), [encoded(pictures[2])], [a_truth(identity=9)])
    renders = RenderSet(["some"])
    assert len(renders) == 3
    assert list(renders["identity"]) == [7, 8, 9]
    for i, picture in enumerate(pictures):
        assert np.abs(renders.picture(i).astype(int) - picture).max() <= 3
    for key in DRAWN:
        np.testing.assert_allclose(renders[key][0], getattr(a_truth(), key) - 0.5, atol=1e-4)


def test_a_missing_set_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("FACETRACKER_RUNS", str(tmp_path))
    with pytest.raises(SettingsError, match=r"no renders in .*absent"):
        RenderSet(["absent"])


def test_the_camera_sees_the_head_as_head_pose_says():
    """A point of the head frame M is seen at rotation @ -m + translation; M has x to the subject's right."""
    camera = Camera(matrix_from_euler(10, 25, -5), np.array([1.0, 2.0, 60.0]), 500.0, 256)
    points = np.random.default_rng(0).normal(0, 5, (20, 3))
    in_head_frame = points * [-1, 1, 1]
    intrinsics = np.array([[500.0, 0, 128], [0, 500, 128], [0, 0, 1]])
    turn = cv2.Rodrigues(camera.rotation)[0]
    expected, _ = cv2.projectPoints(-in_head_frame, turn, camera.translation, intrinsics, None)
    np.testing.assert_allclose(camera.project(points)[:, :2], expected[:, 0], atol=1e-6)


def test_signs_of_the_pose_in_the_picture():
    """Yaw + turns the nose to the picture's left, pitch + nods down, roll + tips the top of the head to the right."""

    def seen(pitch, yaw, roll, point):
        return Camera(matrix_from_euler(pitch, yaw, roll), np.array([0, 0, 60.0]), 500, 256).project(np.array([point]))[
            0
        ]

    nose, top = (0.0, 0.0, 10.0), (0.0, 10.0, 0.0)
    assert seen(0, 20, 0, nose)[0] < 127
    assert seen(20, 0, 0, nose)[1] > 129
    assert seen(0, 0, 20, top)[0] > 129


def test_an_eye_turned_to_the_camera_looks_at_it():
    rng = np.random.default_rng(5)
    for _ in range(20):
        camera = sample_camera(rng, sample_stand(rng), 256, np.array([0.0, 0.0, 5.0]), 9.0)
        eye = np.array([3.0, 3.0, 8.0])
        axis = turned(np.array(gaze_to_camera(camera, eye)))[:, 2]
        start, end = (camera.rotation @ MODEL_TO_CAMERA @ p + camera.translation for p in (eye, eye + axis))
        ray = end - start
        assert np.cross(ray, -start / np.linalg.norm(start)) == pytest.approx(0, abs=1e-9)
        assert ray @ -start > 0


def test_a_gaze_to_the_subjects_left_and_up_points_there():
    x, y, z = turned(np.array([30.0, 20.0]))[:, 2]
    assert x > 0 and y > 0 and z > 0
    assert np.degrees(np.arctan2(x, z)) == pytest.approx(30)
    assert np.degrees(np.arcsin(y)) == pytest.approx(20)


def test_lights_do_not_blow_out_the_picture():
    rng = np.random.default_rng(4)
    for _ in range(100):
        lighting = sample_lighting(rng)
        assert 1 <= len(lighting.lights) <= 4
        assert max(np.mean(light.colour) for light in lighting.lights) < 1.3
        assert np.linalg.norm([light.direction for light in lighting.lights], axis=1) == pytest.approx(1)
