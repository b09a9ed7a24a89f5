"""Results depend on the images and their media time, and on no other clock."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tracker.capture.demo.source import DemoFace
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.types import Frame, FrameResult, StageTimings

FRAMES, FPS, START_S = 25, 30, 3.5
FACE_MODULES = sorted((Path(__file__).resolve().parents[2] / "tracker" / "face").glob("*.py"))


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    face = DemoFace()
    return [face.render(face.state_at(START_S + step / FPS))[0] for step in range(FRAMES)]


def track(images: list[np.ndarray], captured_ns: int, unix_time: float, rate: float) -> list[FrameResult]:
    """Results of an engine whose other clocks start and run as given, while the media time is the same."""
    engine = Engine(EngineOptions(model=-3))
    try:
        return [
            engine.process(Frame(k, image.copy(), captured_ns + int(k * 1e9 * rate), unix_time + k * rate, k / FPS))
            for k, image in enumerate(images)
        ]
    finally:
        engine.close()


def flat(value: object) -> list[object]:
    """All numbers in a result, but for the clocks and timings that are passed through."""
    if isinstance(value, StageTimings):
        return []
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value) if field.name not in ("captured_ns", "unix_time"))
        return [part for name in names for part in flat(getattr(value, name))]
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    if isinstance(value, tuple):
        return [part for member in value for part in flat(member)]
    return [value]


def test_other_clocks_change_nothing(images: list[np.ndarray]) -> None:
    one = track(images, captured_ns=0, unix_time=0.0, rate=1 / FPS)
    other = track(images, captured_ns=10**15, unix_time=2.0e9, rate=7.0)
    assert all(result.faces for result in one[1:])
    assert [flat(result) for result in one] == [flat(result) for result in other]


@pytest.mark.parametrize("module", FACE_MODULES, ids=lambda module: module.name)
def test_the_face_engine_reads_no_clock_but_its_stopwatch(module: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(node, ast.Import)]
    names = {alias.name for node in imports for alias in node.names}
    assert ("time" in names) == (module.name == "stopwatch.py")
    assert "datetime" not in names
