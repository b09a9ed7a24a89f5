"""The demo face: what it draws is where its truth says it is."""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker import topology
from tracker.capture.demo.animation import LOOP_S, NEUTRAL_S
from tracker.capture.demo.source import DemoFace, DemoSource, DemoState
from tracker.errors import CaptureError
from tracker.face.head import REFERENCE_HEAD
from tracker.rotations import matrix_from_euler

NEUTRAL = DemoState()


@pytest.fixture(scope="module")
def face() -> DemoFace:
    return DemoFace(640, 360)


def project(points: np.ndarray, rotation: np.ndarray, translation: np.ndarray, width: int, height: int) -> np.ndarray:
    """Frame M to pixels, written out here once more on purpose."""
    seen = -points @ rotation.T + translation
    return seen[:, :2] / seen[:, 2:] * width + [width / 2, height / 2]


def eye_region(image: np.ndarray, landmarks: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The middle of an eye, between its corners and as high as an open eye."""
    points = landmarks[eye]
    width = np.linalg.norm(points[3] - points[0])
    x, y = points[[0, 3]].mean(axis=0)
    rows = slice(round(y - 0.14 * width), round(y + 0.12 * width) + 1)
    return image[rows, round(x - 0.3 * width) : round(x + 0.3 * width) + 1]


@pytest.mark.parametrize("pose", [(0, 0, 0), (20, 0, 0), (-20, 0, 0), (0, 25, 0), (0, -25, 0), (5, 10, 20)])
def test_a_neutral_face_stands_where_the_reference_head_does(face: DemoFace, pose: tuple[float, float, float]) -> None:
    """Nose and eyes; it is another person's head, and marked as an automatic annotator does."""
    _, truth = face.render(DemoState(*pose))
    expected = project(REFERENCE_HEAD[:66], truth.rotation, truth.translation, 640, 360)
    rigid = topology.RIGID_POINTS
    eyes = np.linalg.norm(expected[topology.LEFT_EYE_OUTER] - expected[topology.RIGHT_EYE_OUTER])
    assert np.linalg.norm(truth.landmarks[rigid] - expected[rigid], axis=1).mean() < 0.08 * eyes
    np.testing.assert_allclose(truth.rotation, matrix_from_euler(*pose))


def test_pose_angles_have_the_signs_of_head_pose(face: DemoFace) -> None:
    def nose_from_eyes(state: DemoState) -> np.ndarray:
        landmarks = face.render(state)[1].landmarks
        return landmarks[topology.NOSE_TIP] - landmarks[[36, 39, 42, 45]].mean(axis=0)

    straight = nose_from_eyes(NEUTRAL)
    assert nose_from_eyes(DemoState(yaw=20))[0] < straight[0] - 5  # to the picture's left
    assert nose_from_eyes(DemoState(pitch=20))[1] > straight[1] + 5  # down
    eyes = face.render(DemoState(roll=20))[1].landmarks[[36, 45]]
    assert eyes[1, 1] > eyes[0, 1] + 10  # the top of the head to the picture's right


def test_nose_tip_is_drawn_at_the_translation(face: DemoFace) -> None:
    _, truth = face.render(DemoState(translation=(0.3, -0.1, 5.0)))
    expected = [320 + 0.3 / 5 * 640, 180 - 0.1 / 5 * 640]
    np.testing.assert_allclose(truth.landmarks[topology.NOSE_TIP], expected, atol=0.1)


def test_a_blink_hides_the_eyes_in_the_picture(face: DemoFace) -> None:
    image, truth = face.render(NEUTRAL)
    shut_image, shut_truth = face.render(DemoState(blink=(1, 1)))
    assert truth.openness.tolist() == [1, 1] and shut_truth.openness.tolist() == [0, 0]
    for eye in (topology.RIGHT_EYE, topology.LEFT_EYE):
        seen = eye_region(image, truth.landmarks, eye).max(axis=2)
        hidden = eye_region(shut_image, truth.landmarks, eye)
        assert seen.min() < 60 < 150 < seen.max()  # pupil and white
        red_over_blue = hidden[..., 2].astype(int) - hidden[..., 0]
        assert np.median(red_over_blue) > 20  # skin


def test_the_truth_of_a_blink_closes_its_own_lids_only(face: DemoFace) -> None:
    def gaps(state: DemoState) -> np.ndarray:
        p = face.render(state)[1].landmarks
        return np.array([p[[40, 41], 1].mean() - p[[37, 38], 1].mean(), p[[46, 47], 1].mean() - p[[43, 44], 1].mean()])

    neutral = gaps(NEUTRAL)
    wink_right, wink_left = gaps(DemoState(blink=(1, 0))), gaps(DemoState(blink=(0, 1)))
    assert wink_right[0] < 0.1 * neutral[0] and wink_right[1] == pytest.approx(neutral[1], abs=0.05)
    assert wink_left[1] < 0.1 * neutral[1] and wink_left[0] == pytest.approx(neutral[0], abs=0.05)


def test_pupils_are_dark_discs_where_the_truth_puts_them() -> None:
    large = DemoFace(1280, 720)
    for state in (NEUTRAL, DemoState(gaze_yaw=(20, 20)), DemoState(gaze_yaw=(-20, -20), yaw=10)):
        image, truth = large.render(state)
        grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1)
        for pupil in truth.pupils:
            x, y = np.round(pupil).astype(int)
            assert grey[y + 1, x + 1] < 70


def test_gaze_moves_the_pupils_to_the_side_looked_at(face: DemoFace) -> None:
    straight = face.render(NEUTRAL)[1].pupils
    assert (face.render(DemoState(gaze_yaw=(20, 20)))[1].pupils[:, 0] < straight[:, 0] - 2).all()
    assert (face.render(DemoState(gaze_pitch=(15, 15)))[1].pupils[:, 1] > straight[:, 1] + 1).all()


def test_expressions_move_the_truth_as_they_should(face: DemoFace) -> None:
    def measured(state: DemoState) -> dict[str, float]:
        p = face.render(state)[1].landmarks_3d
        return {
            "gap": float(p[60, 1] - p[64, 1]),
            "width": float(p[58, 0] - p[62, 0]),
            "brows": float(p[17:27, 1].mean()),
            "corners": float(p[[58, 62], 1].mean() - p[50, 1]),
        }

    neutral = measured(NEUTRAL)
    assert measured(DemoState(mouth_open=1))["gap"] > neutral["gap"] + 0.1
    assert measured(DemoState(smile=1))["width"] > neutral["width"] + 0.02
    assert measured(DemoState(smile=1))["corners"] > neutral["corners"] + 0.01
    assert measured(DemoState(pucker=1))["width"] < neutral["width"] - 0.03
    assert measured(DemoState(brows=1))["brows"] > neutral["brows"] + 0.02
    assert measured(DemoState(brows=-1))["brows"] < neutral["brows"] - 0.01


def test_the_mouth_opens_in_the_picture(face: DemoFace) -> None:
    image, truth = face.render(DemoState(mouth_open=1))
    x, y = np.round(truth.landmarks[[60, 64]].mean(axis=0)).astype(int)
    assert image[y, x].max() < 90  # the dark inside


def test_the_face_is_symmetric(face: DemoFace) -> None:
    for state in (NEUTRAL, DemoState(blink=(0.6, 0.6), mouth_open=0.5, smile=0.5, brows=0.5)):
        landmarks = face.render(state)[1].landmarks
        flipped = landmarks[topology.MIRROR] * [-1, 1] + [640, 0]
        np.testing.assert_allclose(landmarks, flipped, atol=0.1)
    turned = face.render(DemoState(yaw=20, blink=(1, 0)))[1]
    other = face.render(DemoState(yaw=-20, blink=(0, 1)))[1]
    np.testing.assert_allclose(turned.landmarks, other.landmarks[topology.MIRROR] * [-1, 1] + [640, 0], atol=0.1)
    np.testing.assert_allclose(turned.pupils, other.pupils[::-1] * [-1, 1] + [640, 0], atol=0.1)


def test_no_background_shows_through_the_turned_face() -> None:
    """Between landmarks of the skin every pixel is skin, brow, lip or eye: never the grey of the wall."""
    face = DemoFace(640, 360)
    for state in (DemoState(yaw=25), DemoState(yaw=-25), DemoState(pitch=20), DemoState(pitch=-20)):
        image, truth = face.render(state)
        outline = cv2.convexHull(truth.landmarks[[2, 4, 6, 8, 10, 12, 14, 17, 19, 24, 26]].astype(np.float32))
        inside: np.ndarray = np.zeros(image.shape[:2], np.uint8)
        cv2.fillConvexPoly(inside, np.round(outline).astype(np.int32), 255)
        inside = cv2.erode(inside, np.ones((15, 15), np.uint8))
        for eye in (topology.RIGHT_EYE, topology.LEFT_EYE):
            cv2.fillConvexPoly(inside, cv2.convexHull(np.round(truth.landmarks[eye]).astype(np.int32)), 0)
        inside = cv2.erode(inside, np.ones((7, 7), np.uint8))
        skin = image[inside > 0].astype(int)
        assert (skin[:, 2] - skin[:, 0]).min() > 5


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (320, 240), (200, 300)])
def test_frames_have_the_requested_size(size: tuple[int, int]) -> None:
    source = DemoSource(*size, fps=0)
    assert f"{size[0]}x{size[1]}" in source.open()
    frame = source.read()
    assert frame is not None and frame.bgr.shape == (size[1], size[0], 3)


def test_a_face_partly_or_wholly_outside_the_picture_is_drawn_without_fail(face: DemoFace) -> None:
    for translation in ((1.9, 0, 4.5), (-2.2, 0.3, 4.5), (0, 1.4, 4.5), (9, 9, 4.5), (0, 0, 1.6)):
        image, _ = face.render(DemoState(translation=translation))
        assert image.shape == (360, 640, 3)


def test_the_same_seed_gives_the_same_frames_and_another_seed_others() -> None:
    def frames(seed: int) -> list[np.ndarray]:
        face = DemoFace(320, 240, seed=seed)
        return [face.render(face.state_at(t))[0] for t in (4.2, 33.0)]

    first, again, other = frames(1), frames(1), frames(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_frame_does_not_depend_on_the_frames_before_it(face: DemoFace) -> None:
    before = face.render(NEUTRAL)[0]
    face.render(DemoState(translation=(0.8, 0.2, 6.0), blink=(1, 1)))
    assert np.array_equal(face.render(NEUTRAL)[0], before)


def test_the_animation_starts_neutral_loops_smoothly_and_covers_the_promised_range(face: DemoFace) -> None:
    for t in np.arange(0, NEUTRAL_S, 0.25):
        state = face.state_at(t)
        still = replace(state, translation=NEUTRAL.translation)
        assert still == replace(NEUTRAL, gaze_yaw=(0.0, 0.0))
    times = np.arange(0, LOOP_S + 1, 1 / 24)
    states = [face.state_at(t) for t in times]
    angles = np.array([(s.pitch, s.yaw, s.roll) for s in states])
    assert (angles.max(axis=0) >= [19, 24, 19]).all() and (angles.min(axis=0) <= [-19, -24, -19]).all()
    assert (np.abs(angles).max(axis=0) <= [22, 27, 22]).all()
    assert np.abs(np.diff(angles, axis=0)).max() < 4  # degrees per frame
    nose = np.array([s.translation for s in states])
    assert np.abs(np.diff(nose, axis=0)).max() < 0.05 and 4 < nose[:, 2].min() < nose[:, 2].max() < 6
    blink = np.array([s.blink for s in states])
    assert (blink[:, 0] > 0.9).any() and ((blink[:, 0] > 0.9) & (blink[:, 1] < 0.1)).any()
    assert ((blink[:, 1] > 0.9) & (blink[:, 0] < 0.1)).any()
    for values in ([s.mouth_open for s in states], [s.smile for s in states], [s.pucker for s in states]):
        assert min(values) >= 0 and 0.85 < max(values) <= 1
    assert {round(s.brows) for s in states} == {-1, 0, 1}


class HandCrankedClock:
    """Moves only when somebody waits."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000
        self.waits: list[float] = []

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_ns += round(seconds * 1e9)


def test_frames_come_at_the_asked_rate_with_the_media_clock_in_step() -> None:
    clock = HandCrankedClock()
    source = DemoSource(160, 90, fps=10, clock=clock, wait=clock.wait)
    source.open()
    frames = [source.read() for _ in range(4)]
    assert [f.media_s for f in frames if f] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert [f.captured_ns - 5_000_000_000 for f in frames if f] == [0, 100_000_000, 200_000_000, 300_000_000]
    assert [f.index for f in frames if f] == [0, 1, 2, 3]
    assert all(a.unix_time < b.unix_time for a, b in itertools.pairwise(f for f in frames if f))


def test_a_slow_reader_is_not_flooded_afterwards() -> None:
    clock = HandCrankedClock()
    source = DemoSource(160, 90, fps=10, clock=clock, wait=clock.wait)
    source.open()
    source.read()
    clock.now_ns += 3_000_000_000
    source.read()
    clock.waits.clear()
    source.read()
    source.read()
    assert sum(clock.waits) > 0.05


def test_unpaced_frames_never_wait() -> None:
    clock = HandCrankedClock()
    source = DemoSource(160, 90, fps=0, clock=clock, wait=clock.wait)
    source.open()
    frames = [source.read() for _ in range(3)]
    assert clock.waits == []
    assert [f.media_s for f in frames if f] == pytest.approx([0, 1 / 24, 2 / 24])


def test_close_ends_reading_and_reading_before_open_is_an_error() -> None:
    source = DemoSource(160, 90, fps=0.001)
    with pytest.raises(CaptureError):
        source.read()
    source.open()
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None
