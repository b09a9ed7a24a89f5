"""The whole engine with the real networks: on a photograph that is moved, and on the demo face whose truth is known."""

import inspect

import cv2
import numpy as np
import pytest

from tracker import Tracker
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.errors import ModelError
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.types import Frame
from training.accessories import put_on_mask

FPS = 30


def astronaut():
    """A public-domain portrait of Eileen Collins by NASA, from scikit-image; BGR."""
    data = pytest.importorskip("skimage.data")
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def placed(picture, angle_deg, scale=1.0, shift=(0.0, 0.0), size=(640, 480), about=(224.0, 128.0)):
    """`picture` turned clockwise by `angle_deg` about the face, which lands in the middle of the frame plus `shift`."""
    matrix = cv2.getRotationMatrix2D(about, -angle_deg, scale)
    matrix[:, 2] += (size[0] / 2 + shift[0] - about[0], size[1] / 2 + shift[1] - about[1])
    return cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)


@pytest.fixture(scope="module")
def portrait():
    return astronaut()


@pytest.fixture(scope="module")
def demo():
    return DemoFace()


@pytest.mark.parametrize("model", range(-3, 5))
def test_every_model_finds_the_photographed_face_with_both_pupils(model, portrait):
    with Tracker(model=model) as tracker:
        for _ in range(5):
            result = tracker.process(portrait)
    (face,) = result.faces
    assert face.face_id == 0
    # Where the eyes and the nose tip are in this picture, read off by eye.
    for points, x, y in ((range(36, 42), 201, 100), (range(42, 48), 247, 102), ([30], 225, 127)):
        assert np.linalg.norm(face.landmarks.xy[list(points)].mean(axis=0) - (x, y)) < 5
    assert np.linalg.norm(face.eyes.pupils - [(204, 100), (248, 103)], axis=1).max() < 5
    assert face.pose is not None and abs(face.pose.euler_deg[1]) < 15
    assert face.eyes.openness.min() > 0.5


def test_a_moved_scaled_and_turned_photograph_is_held_and_its_roll_followed(portrait):
    with Tracker() as tracker:
        upright = [tracker.process(placed(portrait, 0)) for _ in range(10)][-1].faces[0].pose.euler_deg
        for k in range(90):
            angle = 30 * np.sin(k / 12)
            picture = placed(portrait, angle, 1.3 + 0.4 * np.sin(k / 20), (60 * np.sin(k / 15), 30 * np.cos(k / 10)))
            result = tracker.process(picture)
            assert len(result.faces) == 1, f"lost in frame {k}"
            assert abs(result.faces[0].pose.euler_deg[2] - upright[2] - angle) < 2 + 0.1 * abs(30 / 12 * np.cos(k / 12))


@pytest.mark.parametrize("model", [3, 0, -3])
def test_a_masked_face_is_found_and_held(model, portrait):
    with Tracker(model=model) as tracker:
        points = tracker.process(portrait).faces[0].landmarks.xy
    masked = put_on_mask(portrait, points, portrait, np.random.default_rng(1))
    with Tracker(model=model) as tracker:
        for k in range(30):
            result = tracker.process(placed(masked, 5 * np.sin(k / 5), 1.5))
            assert len(result.faces) == 1, f"lost in frame {k}"


@pytest.mark.parametrize("angle", [-50, -35, 35, 50])
def test_a_leaning_head_is_found_within_two_frames(angle, portrait):
    with Tracker() as tracker:
        tracker.process(placed(portrait, angle, 1.5))
        (face,) = tracker.process(placed(portrait, angle, 1.5)).faces
    assert face.pose is not None
    assert abs(face.pose.euler_deg[2] - angle) < 12


def test_the_same_frames_give_the_same_results(demo):
    pictures = [demo.render(demo.state_at(4 + k / FPS))[0] for k in range(20)]

    def run():
        with Tracker() as tracker:
            tracker.process(demo.render(DemoState())[0], 0.0)
            return [tracker.process(p, (k + 1) / FPS).faces[0].landmarks.xy for k, p in enumerate(pictures)]

    np.testing.assert_array_equal(run(), run())


def test_the_callers_picture_stays_writable(portrait):
    picture = portrait.copy()
    with Tracker() as tracker:
        tracker.process(picture)
    picture[0, 0] = 0
    assert picture.flags.writeable


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((10, 10), np.uint8), r"shape \(H, W, 3\)"),
        (np.zeros((10, 10, 3), np.float32), "uint8"),
        (np.zeros((0, 10, 3), np.uint8), r"shape \(H, W, 3\)"),
        ("a file name", r"shape \(H, W, 3\)"),
    ],
)
def test_a_wrong_picture_is_refused(picture, message):
    with Tracker() as tracker, pytest.raises(ValueError, match=message):
        tracker.process(picture)


def test_time_must_not_go_back():
    black = np.zeros((120, 160, 3), np.uint8)
    with Tracker() as tracker:
        tracker.process(black, 1.0)
        tracker.process(black, 1.0)
        with pytest.raises(ValueError, match="must not go back"):
            tracker.process(black, 0.5)


@pytest.mark.parametrize(
    "options",
    [
        {"model": 5},
        {"max_faces": 0},
        {"max_faces": 37},
        {"threshold": 1.5},
        {"smoothing": float("nan")},
        {"max_threads": None},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Tracker(**options)


def test_the_constructor_shows_the_engines_options():
    assert inspect.signature(Tracker).parameters == inspect.signature(EngineOptions, eval_str=True).parameters


def test_switches_take_0_and_1_as_on_the_command_line():
    with Tracker(gaze_tracking=0, adapt_3d=1, scan_retinaface=np.bool_(False)) as tracker:
        options = tracker._engine.options
    assert (options.gaze_tracking, options.adapt_3d, options.scan_retinaface) == (False, True, False)


def test_ranges_that_go_with_a_lost_face_are_not_lost_before_there_was_one():
    engine = Engine(EngineOptions(model=-3, max_feature_updates=0))
    kept = engine.export_profile()
    kept["features"]["reach"] = [[1.5, 1.5]] * 14
    engine.import_profile(kept)
    engine.process(Frame(0, np.zeros((120, 160, 3), np.uint8), 0, 0.0, 0.0))
    assert engine.export_profile()["features"]["reach"] == kept["features"]["reach"]
    engine.process(Frame(1, np.zeros((240, 320, 3), np.uint8), 0, 0.0, 0.1))
    assert engine.export_profile()["features"]["reach"] == kept["features"]["reach"]
    engine.close()


def test_a_profile_of_a_newer_release_is_refused():
    engine = Engine(EngineOptions(model=-3))
    with pytest.raises(ValueError, match="its version is '4'; this program knows 1 to 3"):
        engine.import_profile({**engine.export_profile(), "version": 4})
    engine.close()


def test_an_unknown_option_is_named():
    with pytest.raises(TypeError, match="colour"):
        Tracker(colour="red")


def test_a_damaged_model_folder_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"manifest\.json is damaged"):
        Tracker(model_dir=tmp_path)


def test_nothing_is_found_where_there_is_nobody():
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    ramp = np.tile(np.linspace(0, 255, 640).astype(np.uint8)[None, :, None], (360, 1, 3))
    with Tracker() as tracker:
        for picture in (noise, ramp, np.zeros((360, 640, 3), np.uint8)):
            assert tracker.process(picture).faces == ()


def test_a_face_that_leaves_is_dropped_and_found_again(demo):
    face, empty = demo.render(DemoState())[0], np.full((360, 640, 3), 90, np.uint8)
    with Tracker() as tracker:
        assert tracker.process(face).faces
        assert not tracker.process(empty).faces
        for _ in range(20):
            tracker.process(empty)
        assert tracker.process(face).faces[0].face_id == 0


def test_two_faces_keep_their_ids_when_both_move(demo):
    one = demo.render(DemoState())[0][:, 160:480]
    with Tracker(max_faces=3, scan_every=1) as tracker:
        for k in range(15):
            left, right = np.roll(one, k, axis=1), np.roll(one, -k, axis=0)
            result = tracker.process(np.concatenate([left, right], axis=1))
        assert [face.face_id for face in result.faces] == [0, 1]
        order = [face.landmarks.xy[:, 0].mean() for face in result.faces]
        again = tracker.process(np.concatenate([left, right], axis=1))
        np.testing.assert_allclose([face.landmarks.xy[:, 0].mean() for face in again.faces], order, atol=5)


def test_a_frame_of_another_size_is_processed_with_its_own_camera(demo):
    with Tracker() as tracker:
        tracker.process(demo.render(DemoState())[0])
        result = tracker.process(DemoFace(1280, 720).render(DemoState())[0])
    assert (result.width, result.height) == (1280, 720)
    np.testing.assert_allclose(result.faces[0].pose.euler_deg, 0, atol=6)


def test_with_gaze_off_pupils_are_at_the_eye_centres_and_blinks_still_arrive(demo):
    with Tracker(gaze_tracking=False) as tracker:
        for _ in range(30):
            opened = tracker.process(demo.render(DemoState())[0]).faces[0]
        for _ in range(5):
            shut = tracker.process(demo.render(DemoState(blink=(1, 1)))[0]).faces[0]
    corners = opened.landmarks.xy[[[36, 39], [42, 45]]].mean(axis=1)
    np.testing.assert_allclose(opened.eyes.pupils, corners, atol=1e-3)
    assert (opened.eyes.confidence == 0).all()
    assert shut.eyes.openness.max() < 0.2 < 0.7 < opened.eyes.openness.min()
    assert max(shut.expression.eye_l, shut.expression.eye_r) < -0.6  # where receivers begin to see a blink


class Followed:
    """The demo face tracked through a movement; arrays over frames."""

    def __init__(self, demo, states, **options):
        with Tracker(**options) as tracker:
            for _ in range(20):
                tracker.process(demo.render(DemoState())[0])
            self.faces = [tracker.process(demo.render(state)[0]).faces[0] for state in states]
        self.euler = np.array([face.pose.euler_deg for face in self.faces])
        self.openness = np.array([face.eyes.openness for face in self.faces])
        assert self.openness.min() >= 0 and self.openness.max() <= 1
        self.mouth = np.array([face.expression.mouth_open for face in self.faces])
        gaze = np.array([face.points_3d[[66, 67]] - face.points_3d[[68, 69]] for face in self.faces])
        self.gaze = gaze.mean(axis=1)


def correlation(a, b):
    return np.corrcoef(a, b)[0, 1]


SWEEP = np.sin(np.linspace(0, 2 * np.pi, 60))
BUMPS = np.clip(np.sin(np.linspace(0, 4 * np.pi, 60)), 0, 1)


@pytest.mark.parametrize(("axis", "name"), [(0, "pitch"), (1, "yaw"), (2, "roll")])
def test_pose_follows_the_demo_face_over_25_degrees_with_the_right_sign(demo, axis, name):
    angles = 25 * SWEEP
    seen = Followed(demo, [DemoState(**{name: angle}) for angle in angles]).euler[:, axis]
    # Which way "straight ahead" is differs by some degrees of pitch between any two makers of heads.
    assert np.abs(seen - angles - np.median(seen - angles)).mean() < 4
    assert abs(np.median(seen - angles)) < 8
    assert correlation(seen, angles) > 0.97


def test_blinks_and_winks_follow_the_demo_face(demo):
    both = Followed(demo, [DemoState(blink=(b, b)) for b in BUMPS]).openness
    assert correlation(both[:, 0], -BUMPS) > 0.9 and correlation(both[:, 1], -BUMPS) > 0.9
    right = Followed(demo, [DemoState(blink=(b, 0)) for b in BUMPS]).openness
    assert correlation(right[:, 0], -BUMPS) > 0.9
    assert right[:, 0].min() < 0.2 and right[:, 1].min() > 0.5


def test_mouth_opening_follows_the_demo_face(demo):
    assert correlation(Followed(demo, [DemoState(mouth_open=b) for b in BUMPS]).mouth, BUMPS) > 0.9


def test_horizontal_gaze_follows_the_demo_face_with_the_right_sign(demo):
    angles = 20 * SWEEP
    seen = Followed(demo, [DemoState(gaze_yaw=(a, a)) for a in angles]).gaze
    assert correlation(seen[:, 0], angles) > 0.9  # + to the subject's right
    assert (seen[:, 2] > 0).all()  # out of the face


def test_a_fitted_head_explains_the_demo_face_about_as_well(demo):
    states = [DemoState(yaw=20 * s, pitch=8 * s) for s in SWEEP] * 2
    fixed = Followed(demo, states)
    fitted = Followed(demo, states, adapt_3d=True)
    half = len(states) // 2
    assert np.mean([f.pose.error_px for f in fitted.faces[half:]]) <= 1.05 * np.mean(
        [f.pose.error_px for f in fixed.faces[half:]]
    )
