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


def crossing(demo, size, steps=24):
    """Frames in which the demo face passes before the astronaut, who goes the other way; and where each then is.

    size: of the demo face's picture, over its own.
    """
    behind, front = astronaut()[20:230, 120:330], demo.render(DemoState())[0][60:320, 210:430]
    front = cv2.resize(front, None, fx=size, fy=size)
    for k in range(steps):
        share = k / (steps - 1)
        frame = np.full((360, 800, 3), BEHIND, np.uint8)
        places = []
        for picture, x in ((behind, round(560 - 530 * share)), (front, round(30 + (740 - front.shape[1]) * share))):
            height, width = picture.shape[:2]
            frame[50 : 50 + height, x : x + width] = picture
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


@pytest.mark.parametrize("size", [0.65, 0.8, 1.15])
def test_two_who_cross_keep_their_ids(size):
    with Tracker(max_faces=2, scan_every=1) as tracker:
        frames = list(crossing(DemoFace(), size))
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


def drawn_hand(skin):
    """A folded hand, drawn: a palm, four curled fingers with nails, a thumb. skin: blue, green, red."""
    hand = np.full((360, 640, 3), BEHIND, np.uint8)
    shade, nail = tuple(0.72 * v for v in skin), tuple(min(255, 1.2 * v + 10) for v in skin)
    cv2.ellipse(hand, (320, 200), (95, 110), 0, 0, 360, skin, -1)
    for k in range(4):
        x = 256 + 42 * k
        cv2.ellipse(hand, (x, 150), (22, 62), 0, 0, 360, skin, -1)
        cv2.ellipse(hand, (x, 150), (22, 62), 0, 0, 360, shade, 2)
        cv2.ellipse(hand, (x, 192), (11, 13), 0, 0, 360, nail, -1)
    cv2.ellipse(hand, (250, 245), (70, 24), 30, 0, 360, skin, -1)
    cv2.ellipse(hand, (250, 245), (70, 24), 30, 0, 360, shade, 2)
    return cv2.GaussianBlur(hand, (0, 0), 1.5)


SKINS = {"light": (200, 215, 245), "middle": (130, 160, 215), "brown": (70, 100, 160), "dark": (40, 52, 84)}


@pytest.mark.parametrize("skin", list(SKINS.values()), ids=list(SKINS))
@pytest.mark.parametrize("model", [3, 0, -3])
def test_a_folded_hand_is_no_face_whatever_way_it_is_turned(model, skin):
    hand = drawn_hand(skin)
    with Tracker(model=model) as tracker:
        for frame in (hand, cv2.rotate(hand, cv2.ROTATE_90_CLOCKWISE)):
            for _ in range(15):
                assert tracker.process(frame).faces == ()


def drawn_avatar(skin, hair):
    """A screen with the face of an avatar, as large as a person's: flat colours, huge eyes, a fringe."""
    frame = np.full((360, 640, 3), BEHIND, np.uint8)
    cv2.rectangle(frame, (150, 10), (490, 350), (25, 25, 25), -1)
    cv2.rectangle(frame, (162, 22), (478, 338), (235, 205, 190), -1)
    cv2.ellipse(frame, (320, 170), (112, 128), 0, 0, 360, hair, -1, cv2.LINE_AA)
    face = np.array([[235, 150], [243, 220], [285, 270], [320, 288], [355, 270], [397, 220], [405, 150], [320, 90]])
    cv2.fillPoly(frame, [face], skin, cv2.LINE_AA)
    for x in (280, 360):
        cv2.ellipse(frame, (x, 198), (24, 30), 0, 0, 360, (30, 30, 40), -1, cv2.LINE_AA)
        cv2.ellipse(frame, (x, 202), (21, 25), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.ellipse(frame, (x, 202), (15, 23), 0, 0, 360, (170, 90, 40), -1, cv2.LINE_AA)
        cv2.circle(frame, (x - 6, 192), 6, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.ellipse(frame, (320, 256), (14, 6), 0, 0, 180, (70, 70, 170), 2, cv2.LINE_AA)
    for x in range(230, 411, 30):
        strand = np.array([[x - 18, 90], [x + 18, 90], [x + 4, 175 - abs(x - 320) // 6]])
        cv2.fillPoly(frame, [strand], hair, cv2.LINE_AA)
    return frame


@pytest.mark.parametrize(
    ("skin", "hair"), [((205, 222, 250), (180, 110, 60)), ((105, 140, 195), (60, 60, 200))], ids=["light", "brown"]
)
@pytest.mark.parametrize("model", [3, 0, -3])
def test_an_avatar_on_a_screen_is_not_its_user(model, skin, hair):
    with Tracker(model=model) as tracker:
        for _ in range(15):
            assert tracker.process(drawn_avatar(skin, hair)).faces == ()


def test_who_returns_to_a_room_with_posters_is_followed_again():
    posters = scene(640, 360, 0.45, 20, 10)
    small = cv2.resize(astronaut()[20:230, 120:330], None, fx=0.5, fy=0.5)
    posters[20 : 20 + small.shape[0], 520 : 520 + small.shape[1]] = cv2.flip(small, 1)
    demo = DemoFace()
    with Tracker(switch_after=1.0) as tracker:
        for k in range(12):
            (held,) = tracker.process(posters, k / 4).faces
        for k in range(12, 28):
            person = demo.render(DemoState(yaw=8 * np.sin(k), mouth_open=0.3 * (k % 2)))[0][40:340, 200:440]
            frame = posters.copy()
            x = 230 + 4 * (k % 3)
            frame[50 : 50 + person.shape[0], x : x + person.shape[1]] = person
            result = tracker.process(frame, k / 4)
    (face,) = result.faces
    assert face.bounding_box[3] > 1.3 * held.bounding_box[3]
    assert 230 < face.landmarks.xy[:, 0].mean() < 480
