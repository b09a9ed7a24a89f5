"""What other threads ask of a running engine takes effect with its next frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.types import Expression, Frame

FPS = 30


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(EngineOptions(model=-3))
    yield engine
    engine.close()


class ScriptedCamera:
    """Shows the demo face holding one expression."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._face = DemoFace()
        self._index = 0

    def show(self, state: DemoState, seconds: float) -> Expression:
        """The expression of the last frame."""
        picture = self._face.render(state)[0]
        for _ in range(round(seconds * FPS)):
            frame = Frame(self._index, picture.copy(), time.monotonic_ns(), time.time(), self._index / FPS)
            (face,) = self._engine.process(frame).faces
            self._index += 1
        return face.expression


def test_recentring_makes_the_held_expression_the_neutral_one(engine: Engine) -> None:
    camera, held = ScriptedCamera(engine), DemoState(mouth_open=0.6)
    camera.show(DemoState(), 4.0)
    assert camera.show(held, 0.3).mouth_open > 0.25
    asking = threading.Thread(target=engine.recentre)
    asking.start()
    asking.join()
    after = camera.show(held, 1.2)
    assert abs(after.mouth_open) < 0.15
    assert abs(camera.show(DemoState(), 0.5).mouth_open) < 0.15, "and a mouth that shuts is not a mouth that opens"


def test_resetting_the_calibration_forgets_the_person(engine: Engine) -> None:
    camera = ScriptedCamera(engine)
    untaught = engine.export_profile()["coefficients"]
    engine.recentre()
    camera.show(DemoState(mouth_open=0.6), 1.5)
    assert engine.export_profile()["coefficients"] != untaught
    engine.reset_calibration()
    camera.show(DemoState(mouth_open=0.6), 1 / FPS)
    assert engine.export_profile()["coefficients"] == untaught
