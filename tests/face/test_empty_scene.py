"""How often a picture with nobody in it is searched for faces."""

import numpy as np
import pytest

from tracker import Tracker
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.empty_scene import AFTER_S, KEPT_UP_S, LOOK_S, STILL_LOOK_S, EmptyScene

FPS = 30


def wall(seed, light=120.0, size=(90, 160)):
    noise = np.random.default_rng(seed).normal(light, 4, (*size, 3))
    return noise.clip(0, 255).astype(np.uint8)


def looks(scene, seconds, picture_of=wall, start_s=0.0):
    """The times at which pictures are searched that come 30 times a second."""
    times = [start_s + k / FPS for k in range(round(seconds * FPS))]
    return [now_s for k, now_s in enumerate(times) if scene.is_worth_a_look(picture_of(k), now_s)]


def test_a_still_picture_is_searched_seldom_once_every_roll_was_looked_for():
    scene = EmptyScene()
    assert len(looks(scene, KEPT_UP_S)) >= 13
    assert len(looks(scene, 20 * STILL_LOOK_S, start_s=KEPT_UP_S + 1)) in (20, 21)


@pytest.mark.parametrize("light", [120.0, 10.0])
def test_whoever_comes_is_looked_at_with_the_next_look(light):
    scene = EmptyScene()
    looks(scene, 10, lambda k: wall(k, light))
    visited = wall(1, light)
    visited[30:60, 70:95] = wall(2, 2 * light, (30, 25))
    times = looks(scene, 2 * KEPT_UP_S, lambda k: visited, start_s=10)
    assert times[0] <= 10 + LOOK_S
    assert np.diff(times[:14]).max() < 1.5 * LOOK_S, "whatever way they hold their head"
    assert np.diff(times[-3:]).min() > 0.9 * STILL_LOOK_S, "and not for ever"


def test_a_picture_in_motion_is_searched_as_often_as_ever():
    scene = EmptyScene()

    def flickering(k):
        picture = wall(k)
        picture[:, 10 * (k % 16) : 10 * (k % 16) + 10] = 30
        return picture

    assert len(looks(scene, 20, flickering)) > 90


def test_a_lamp_that_is_switched_on_is_a_change():
    scene = EmptyScene()
    looks(scene, 10)
    assert looks(scene, 2, lambda k: wall(k, 140), start_s=10)[0] <= 10 + LOOK_S


def test_a_user_who_returns_is_found_at_once():
    with Tracker() as tracker:
        now_s = 0.0
        while now_s < AFTER_S + KEPT_UP_S + 3:
            assert not tracker.process(wall(0, size=(360, 640)), now_s).faces
            now_s += 0.1
        picture, _ = DemoFace(640, 360).render(DemoState())
        found = [bool(tracker.process(picture, now_s + k / FPS).faces) for k in range(9)]
    assert any(found[:8])
