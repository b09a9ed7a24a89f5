"""How far a held face may turn, and that lids are told apart by degrees; on the demo face, whose truth is exact."""

import numpy as np
import pytest

from tracker import Tracker
from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState

MODELS = (3, 0, -3)
DEGREES_PER_FRAME = 2.5


@pytest.fixture(scope="module")
def demo():
    return DemoFace()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("axis", "end"), [("yaw", 70), ("pitch", 40), ("roll", 90)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_turning_face_is_held_to_the_end(demo, model, axis, end, sign):
    with Tracker(model=model) as tracker:
        for angle in np.arange(0, end + DEGREES_PER_FRAME, DEGREES_PER_FRAME):
            picture, exact = demo.render(DemoState(**{axis: float(sign * angle)}))
            faces = tracker.process(picture).faces
            assert len(faces) == 1, f"lost at {angle}"
    centre = exact.landmarks[t.INNER_49].mean(axis=0)
    size = np.ptp(exact.landmarks, axis=0).max()
    turned = faces[0].pose.euler_deg[("pitch", "yaw", "roll").index(axis)]
    assert sign * turned > end / 2  # it falls behind, but never to less than half
    assert np.linalg.norm(faces[0].landmarks.xy[t.INNER_49].mean(axis=0) - centre) < 0.12 * size


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("lids", [(1, 1), (1, 0), (0, 1)], ids=["both", "right", "left"])
def test_lids_closed_by_degrees_are_read_in_order(demo, model, lids):
    openness = []
    with Tracker(model=model, smoothing=0.0) as tracker:
        for _ in range(30):
            tracker.process(demo.render(DemoState())[0])
        for share in (0.0, 0.25, 0.5, 1.0):
            picture, _ = demo.render(DemoState(blink=(lids[0] * share, lids[1] * share)))
            for _ in range(3):
                face = tracker.process(picture).faces[0]
            openness.append(face.eyes.openness)
    for eye, moves in enumerate(lids):
        course = np.array(openness)[:, eye]
        if moves:
            # A quarter of the way may still be within what people's open eyes do.
            assert (np.diff(course) <= 0.02).all() and course[2] < 0.85 and course[-1] < 0.1, course
        else:
            assert course.min() > 0.6, course
