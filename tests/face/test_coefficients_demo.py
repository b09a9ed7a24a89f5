"""The 52 coefficients through the real engine, against the demo face's true controls.

The demo face is drawn, and no network has seen its like: this shows that the parts are joined the right way round. How
good the coefficients are is measured on renders, photographs and clips (docs/BLENDSHAPES.md).
"""

import numpy as np
import pytest

from tracker import Tracker
from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.types import Frame

FPS = 30
PLACE = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}

CONTROLS = {
    "right eye shut": lambda a: DemoState(blink=(a, 0)),
    "left eye shut": lambda a: DemoState(blink=(0, a)),
    "gaze right": lambda a: DemoState(gaze_yaw=(24 * a,) * 2),
    "gaze left": lambda a: DemoState(gaze_yaw=(-24 * a,) * 2),
    "gaze up": lambda a: DemoState(gaze_pitch=(-14 * a,) * 2),
    "gaze down": lambda a: DemoState(gaze_pitch=(14 * a,) * 2),
    "brows up": lambda a: DemoState(brows=a),
    "brows down": lambda a: DemoState(brows=-a),
    "mouth open": lambda a: DemoState(mouth_open=a),
    "smile": lambda a: DemoState(smile=a),
    "pucker": lambda a: DemoState(pucker=a),
    "oh": lambda a: DemoState(pucker=a, mouth_open=0.5 * min(2 * a, 1)),
    "head right": lambda a: DemoState(yaw=20 * a),
    "head left": lambda a: DemoState(yaw=-20 * a),
    "nod down": lambda a: DemoState(pitch=20 * a),
    "nod up": lambda a: DemoState(pitch=-20 * a),
    "tilt": lambda a: DemoState(roll=20 * a),
}
HEAD_MOVES = ("head right", "head left", "nod down", "nod up", "tilt")
STEPS, HELD_FRAMES = 8, 6


class Driven:
    """Every control climbs in steps, each held until smoothing has settled.

    values[control]: (STEPS, 52). rest: (52,). openness[control]: (STEPS, 2).
    """

    def __init__(self):
        demo = DemoFace()
        self.values, self.openness = {}, {}
        with Tracker() as tracker:

            def held(state, frames):
                picture = demo.render(state)[0]
                for _ in range(frames):
                    face = tracker.process(picture).faces[0]
                return face

            self.rest = held(DemoState(), 3 * FPS).blendshapes
            for name, control in CONTROLS.items():
                faces = [held(control(amount), HELD_FRAMES) for amount in np.linspace(0, 1, STEPS)]
                self.values[name] = np.array([face.blendshapes for face in faces])
                self.openness[name] = np.array([face.eyes.openness for face in faces])
                held(DemoState(), HELD_FRAMES)

    def of(self, control, name):
        return self.values[control][:, PLACE[name]]


@pytest.fixture(scope="module")
def driven():
    return Driven()


def ranks(values):
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group]


def rank_correlation(a, b):
    """Spearman's; 0 where one of them never changes."""
    a, b = ranks(a), ranks(b)
    return np.corrcoef(a, b)[0, 1] if np.ptp(a) and np.ptp(b) else 0.0


def test_the_demo_face_at_rest_gives_little(driven):
    blinks = [PLACE["eyeBlinkLeft"], PLACE["eyeBlinkRight"]]
    assert np.delete(driven.rest, blinks).max() < 0.3
    assert driven.rest[blinks].max() < 0.2  # an open eye is open by the median of the frames so far


@pytest.mark.parametrize(
    ("control", "name", "reached"),
    [
        ("right eye shut", "eyeBlinkRight", 0.8),
        ("left eye shut", "eyeBlinkLeft", 0.8),
        ("gaze right", "eyeLookOutRight", 0.3),
        ("gaze right", "eyeLookInLeft", 0.3),
        ("gaze left", "eyeLookOutLeft", 0.3),
        ("gaze left", "eyeLookInRight", 0.3),
        ("gaze up", "eyeLookUpLeft", 0.08),
        ("gaze up", "eyeLookUpRight", 0.08),
        ("gaze down", "eyeLookDownLeft", 0.05),
        ("gaze down", "eyeLookDownRight", 0.05),
        ("brows up", "browInnerUp", 0.4),
        ("brows up", "browOuterUpLeft", 0.4),
        ("brows up", "browOuterUpRight", 0.4),
        ("brows down", "browDownLeft", 0.1),
        ("brows down", "browDownRight", 0.1),
        ("mouth open", "jawOpen", 0.35),
        ("smile", "mouthSmileLeft", 0.15),
        ("smile", "mouthSmileRight", 0.15),
        ("pucker", "mouthPucker", 0.2),
        ("oh", "jawOpen", 0.2),  # of a funnel the drawn lips show too little
    ],
)
def test_coefficients_rise_with_the_controls_of_the_demo_face(driven, control, name, reached):
    answer = driven.of(control, name)
    assert rank_correlation(answer, np.arange(STEPS)) > 0.8
    assert answer[-1] > reached


@pytest.mark.parametrize(
    ("control", "name"),
    [
        ("gaze right", "eyeLookInRight"),
        ("gaze right", "eyeLookOutLeft"),
        ("gaze left", "eyeLookInLeft"),
        ("gaze left", "eyeLookOutRight"),
        ("gaze up", "eyeLookDownLeft"),
        ("gaze down", "eyeLookUpLeft"),
        ("right eye shut", "eyeBlinkLeft"),
        ("left eye shut", "eyeBlinkRight"),
        ("brows up", "browDownLeft"),
        ("brows down", "browInnerUp"),
        ("mouth open", "mouthPucker"),
        ("mouth open", "browInnerUp"),
        ("smile", "jawOpen"),
        ("smile", "mouthFrownLeft"),
        ("smile", "mouthPucker"),
        ("pucker", "mouthSmileRight"),
        ("pucker", "jawOpen"),
        ("pucker", "mouthFunnel"),
    ],
)
def test_what_a_control_does_not_mean_stays_small(driven, control, name):
    assert driven.of(control, name).max() < 0.25


@pytest.mark.parametrize("control", HEAD_MOVES)
def test_a_turned_or_nodding_head_pulls_no_face(driven, control):
    """Within 20 degrees; eyes that a nod hides may be read as lowered, as in the record."""
    assert driven.values[control].max() < 0.45


def test_blinks_are_those_of_the_record(driven):
    for control, openness in driven.openness.items():
        blinks = np.stack([driven.of(control, "eyeBlinkRight"), driven.of(control, "eyeBlinkLeft")], axis=1)
        np.testing.assert_allclose(blinks, 1 - openness, atol=1e-6)


def test_they_cannot_be_written_to():
    with Tracker() as tracker:
        values = tracker.process(DemoFace().render(DemoState())[0]).faces[0].blendshapes
    assert values.shape == (52,) and not values.flags.writeable


def test_recentring_makes_the_next_second_the_neutral_face():
    demo = DemoFace()
    smiling = demo.render(DemoState(smile=0.9))[0]
    engine = Engine(EngineOptions())
    frames = iter(range(10_000))

    def show(picture, count):
        for _ in range(count):
            k = next(frames)
            result = engine.process(Frame(k, picture.view(), 0, float(k), k / FPS))
        return result.faces[0].blendshapes[PLACE["mouthSmileRight"]]

    show(demo.render(DemoState())[0], 45)
    before = show(smiling, 30)
    assert before > 0.2
    engine.recentre()
    assert show(smiling, 2 * FPS) < 0.1 * before
    kept = engine.export_profile()
    engine.close()
    again = Engine(EngineOptions())
    again.import_profile(kept)
    assert again.export_profile() == kept
    again.close()
