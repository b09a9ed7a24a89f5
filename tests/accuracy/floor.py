"""The accuracy that can be held without training images: the demo face, whose truth is exact, and a photograph
with a dozen points set by hand. `python tests/accuracy/floor.py` measures and rewrites baseline.json.

Neither is used in training or to choose a network. Both say little about other people; docs/MODELS.md has the figures
on held-out photographs.
"""

import json
from pathlib import Path

import numpy as np
import skimage.data

from tracker import Tracker
from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState

BASELINE = Path(__file__).with_name("baseline.json")
MODELS = (3, 2, 1, 0, -1, -2, -3)

# Eileen Collins by NASA, in the public domain. Read off a sixteenfold enlargement.
HAND_SET = {
    t.RIGHT_EYE_OUTER: (192.9, 100.6),
    t.RIGHT_EYE_INNER: (212.9, 102.5),
    t.LEFT_EYE_INNER: (236.6, 104.4),
    t.LEFT_EYE_OUTER: (258.2, 103.4),
    33: (225.0, 133.3),
    t.RIGHT_MOUTH_CORNER: (202.5, 138.9),
    t.LEFT_MOUTH_CORNER: (245.5, 139.5),
    55: (224.5, 153.3),
}
HAND_SET_PUPILS = ((203.5, 100.6), (246.3, 102.8))
STATES = (
    DemoState(),
    DemoState(yaw=25),
    DemoState(yaw=-25),
    DemoState(pitch=15),
    DemoState(pitch=-15),
    DemoState(roll=20, yaw=10),
    DemoState(blink=(1, 1)),
    DemoState(blink=(0, 1)),
    DemoState(mouth_open=0.8),
    DemoState(smile=0.8),
    DemoState(pucker=0.8),
    DemoState(brows=1),
    DemoState(gaze_yaw=(20, 20)),
    DemoState(gaze_yaw=(-20, -20), gaze_pitch=(10, 10)),
)


def measure(model: int) -> dict[str, float]:
    """Errors in percent of the outer-eye distance, smoothing off."""
    portrait = np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])
    with Tracker(model=model, smoothing=0.0) as tracker:
        for _ in range(3):
            face = tracker.process(portrait).faces[0]
    truth = np.array(list(HAND_SET.values()))
    eye = np.linalg.norm(truth[0] - truth[3])
    figures = {
        "photograph_points": _percent(face.landmarks.xy[list(HAND_SET)], truth, eye),
        "photograph_pupils": _percent(face.eyes.pupils, np.array(HAND_SET_PUPILS), eye),
    }
    demo = DemoFace()
    points, pupils = [], []
    for state in STATES:
        picture, exact = demo.render(state)
        with Tracker(model=model, smoothing=0.0) as tracker:
            tracker.process(demo.render(DemoState())[0])
            for _ in range(3):
                face = tracker.process(picture).faces[0]
        eye = np.linalg.norm(exact.landmarks[t.RIGHT_EYE_OUTER] - exact.landmarks[t.LEFT_EYE_OUTER])
        points.append(_percent(face.landmarks.xy[t.INNER_49], exact.landmarks[t.INNER_49], eye))
        if max(state.blink) == 0:
            pupils.append(_percent(face.eyes.pupils, exact.pupils, eye))
    return figures | {"demo_inner_49": float(np.mean(points)), "demo_pupils": float(np.mean(pupils))}


def _percent(found: np.ndarray, truth: np.ndarray, eye: float) -> float:
    return 100 * float(np.linalg.norm(found - truth, axis=1).mean()) / float(eye)


if __name__ == "__main__":
    measured = {str(model): {k: round(v, 2) for k, v in measure(model).items()} for model in MODELS}
    BASELINE.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
