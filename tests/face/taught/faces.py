"""Faces that hold an expression, with what a network misreads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.output.results import a_face
from tracker.face.taught.library import TaughtExpressions
from tracker.topology import BLENDSHAPE_NAMES
from tracker.types import Face

FPS = 30
SHAPES: dict[str, dict[str, float]] = {
    "neutral": {},
    "joy": {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "cheekSquintLeft": 0.5, "cheekSquintRight": 0.5},
    "angry": {"browDownLeft": 0.8, "browDownRight": 0.8, "noseSneerLeft": 0.3, "noseSneerRight": 0.3},
    "surprised": {"browInnerUp": 0.8, "browOuterUpLeft": 0.7, "browOuterUpRight": 0.7, "eyeWideLeft": 0.5},
    "tongue": {"tongueOut": 1.0, "jawOpen": 0.8, "cheekPuff": 0.8},
}
_TALK = [BLENDSHAPE_NAMES.index(name) for name in ("jawOpen", "mouthFunnel", "mouthLowerDownLeft", "eyeBlinkLeft")]


class Actor:
    """Shows an expression, talking and misread a little, frame after frame."""

    def __init__(self, seed: int = 0) -> None:
        self._generator = np.random.default_rng(seed)
        self.now_s = 0.0

    def face(self, shape: dict[str, float], talks: bool = True) -> Face:
        """The next frame's face, 1/30 s later."""
        self.now_s += 1 / FPS
        values = np.zeros(52)
        for name, value in shape.items():
            values[BLENDSHAPE_NAMES.index(name)] = value
        if talks:
            values[_TALK] += 0.3 * (0.5 + 0.5 * np.sin(7.0 * self.now_s + np.arange(len(_TALK))))
        values += self._generator.normal(0, 0.05, 52)
        return replace(a_face(), blendshapes=np.clip(values, 0, 1).astype(np.float32))

    def show(self, taught: TaughtExpressions, name: str, seconds: float) -> list[str | None]:
        """What is shown in each frame while the actor holds `name`."""
        names = []
        for _ in range(round(seconds * FPS)):
            seen = taught.apply(self.face(SHAPES[name]), self.now_s).taught
            names.append(None if seen is None else seen.name)
        return names


def a_taught(*names: str, seconds: float = 5.0) -> tuple[TaughtExpressions, Actor]:
    """Expressions that were recorded and learnt, by an actor who goes on."""
    taught, actor = TaughtExpressions(), Actor()
    for name in names:
        taught.start(name, seconds)
        actor.show(taught, name, seconds + 0.2)
    taught.train()
    return taught, actor
