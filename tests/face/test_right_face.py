"""Which faces are found, followed and sent, with the real networks: odd light, wide frames, lying down, in company."""

import cv2
import numpy as np
import pytest

from tests.face.test_engine import astronaut
from tracker import Tracker
from tracker.capture.demo.source import DemoFace, DemoState

BEHIND = 110
FACE_PX = 90
"""Height of the astronaut's face in the photograph."""


def scene(width, height, scale, x, y, picture=None):
    """A grey frame with the astronaut, or `picture`, scaled and placed at (x, y)."""
    frame = np.full((height, width, 3), BEHIND, np.uint8)
    scaled = cv2.resize(astronaut() if picture is None else picture, None, fx=scale, fy=scale)
    part = scaled[: height - y, : width - x]
    frame[y : y + part.shape[0], x : x + part.shape[1]] = part
    return frame


def crossing(demo, steps=24):
    """Frames in which the demo face passes before the astronaut, who goes the other way; and where each then is."""
    behind, front = astronaut()[20:230, 120:330], demo.render(DemoState())[0][60:320, 210:430]
    front = cv2.resize(front, None, fx=0.8, fy=0.8)
    for k in range(steps):
        share = k / (steps - 1)
        frame = np.full((360, 800, 3), BEHIND, np.uint8)
        places = []
        for picture, x in ((behind, round(560 - 530 * share)), (front, round(30 + 560 * share))):
            height, width = picture.shape[:2]
            frame[80 : 80 + height, x : x + width] = picture
            places.append(x + width / 2)
        yield frame, places


@pytest.mark.parametrize(
    "light", [(1, 0.4, 0.15), (1, 0.8, 0.1), (0.2, 1, 0.2), (0.2, 0.2, 1)], ids=["blue", "cyan", "green", "red"]
)
def test_a_face_in_coloured_light_is_found_at_once_and_held(light):
    frame = np.uint8(scene(640, 360, 0.65, 200, 0).mean(axis=2, keepdims=True) * np.array(light))
    with Tracker() as tracker:
        for _ in range(3):
            (face,) = tracker.process(frame).faces
    assert face.landmarks.mean_confidence > 0.5


def test_a_dark_face_before_a_bright_window_is_found():
    frame = scene(640, 360, 0.65, 200, 0)
    head = np.zeros(frame.shape[:2], np.uint8)
    cv2.ellipse(head, (346, 75), (52, 66), 0, 0, 360, 1, -1)
    cv2.rectangle(head, (240, 145), (460, 360), 1, -1)
    noise = np.random.default_rng(0).normal(0, 2, frame.shape)
    backlit = np.uint8(np.clip(np.where(head[..., None], frame * 0.1, 250) + noise, 0, 255))
    with Tracker() as tracker:
        assert len(tracker.process(backlit).faces) == 1


@pytest.mark.parametrize(
    ("width", "height", "scale", "x"), [(2560, 720, 1.25, 1800), (3840, 1080, 1.9, 2700), (360, 1000, 0.6, 20)]
)
def test_the_smallest_face_found_is_a_share_of_the_shorter_side(width, height, scale, x):
    with Tracker() as tracker:
        (face,) = tracker.process(scene(width, height, scale, x, 100)).faces
    assert face.bounding_box[3] == pytest.approx(FACE_PX * scale, rel=0.25)


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_a_turned_face_is_solved_rightly_or_not_sent(turn):
    expected = {cv2.ROTATE_90_CLOCKWISE: 90, cv2.ROTATE_180: 180, cv2.ROTATE_90_COUNTERCLOCKWISE: -90}[turn]
    frame = cv2.rotate(scene(640, 360, 0.7, 100, 0), turn)
    with Tracker() as tracker:
        results = [tracker.process(frame) for _ in range(16)]
    sent = [face for result in results for face in result.faces]
    assert len(results[-1].faces) == 1
    for face in sent:
        assert abs((face.pose.euler_deg[2] - expected + 180) % 360 - 180) < 20


def test_a_face_far_larger_and_more_central_takes_over_after_the_hold():
    poster, both = scene(640, 360, 0.5, 400, 20), scene(640, 360, 0.5, 400, 20)
    person = cv2.resize(astronaut()[:240, 100:360], None, fx=1.4, fy=1.4)
    both[12 : 12 + person.shape[0], 20 : 20 + person.shape[1]] = person
    for switch_after, moves in ((1.0, True), (0.0, False)):
        with Tracker(switch_after=switch_after) as tracker:
            (start,) = tracker.process(poster, 0.0).faces
            for k in range(1, 9):
                (face,) = tracker.process(both, k * 0.25).faces
        assert (face.bounding_box[3] > 1.5 * start.bounding_box[3]) == moves


def test_two_who_cross_keep_their_ids():
    with Tracker(max_faces=2, scan_every=1) as tracker:
        demo = DemoFace()
        frames = list(crossing(demo))
        for _ in range(2):
            first = tracker.process(frames[0][0])
        for frame, _ in frames[1:]:
            last = tracker.process(frame)
        for _ in range(3):
            last = tracker.process(frame)
    assert len(first.faces) == len(last.faces) == 2

    def owner(face, where):
        return int(np.argmin([abs(face.landmarks.xy[:, 0].mean() - x) for x in where]))

    places = frames[-1][1]
    before = {face.face_id: owner(face, frames[0][1]) for face in first.faces}
    after = {face.face_id: owner(face, places) for face in last.faces}
    assert before == after


def drawn_hand():
    """A folded hand, drawn: a palm, four curled fingers with nails, a thumb."""
    hand = np.full((360, 640, 3), BEHIND, np.uint8)
    skin, shade, nail = (130, 160, 215), (90, 115, 165), (165, 185, 235)
    cv2.ellipse(hand, (320, 200), (95, 110), 0, 0, 360, skin, -1)
    for k in range(4):
        x = 256 + 42 * k
        cv2.ellipse(hand, (x, 150), (22, 62), 0, 0, 360, skin, -1)
        cv2.ellipse(hand, (x, 150), (22, 62), 0, 0, 360, shade, 2)
        cv2.ellipse(hand, (x, 192), (11, 13), 0, 0, 360, nail, -1)
    cv2.ellipse(hand, (250, 245), (70, 24), 30, 0, 360, skin, -1)
    cv2.ellipse(hand, (250, 245), (70, 24), 30, 0, 360, shade, 2)
    return cv2.GaussianBlur(hand, (0, 0), 1.5)


@pytest.mark.parametrize("model", [3, 0, -3])
def test_a_folded_hand_is_no_face_whatever_way_it_is_turned(model):
    hand = drawn_hand()
    with Tracker(model=model) as tracker:
        for frame in (hand, cv2.rotate(hand, cv2.ROTATE_90_CLOCKWISE)):
            for _ in range(15):
                assert tracker.process(frame).faces == ()
