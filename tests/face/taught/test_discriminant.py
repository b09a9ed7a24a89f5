"""How a face is weighed against centres: weaker expressions, weak evidence, models without a neutral face."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.face.taught.discriminant import CLEAR, NEUTRAL, Discriminant
from tracker.face.taught.measures import MEASURES

SIZE = len(MEASURES)


def a_model(*names: str, far: float) -> Discriminant:
    """Centres along the first measures, `far` from the neutral one, which is at 0; whitened already."""
    centres = np.zeros((len(names), SIZE))
    for k, name in enumerate(names):
        centres[k, k] = 0.0 if name == NEUTRAL else far
    return Discriminant(names, np.eye(SIZE), centres, np.full(len(names), 100.0))


def at(amount: float, k: int = 1) -> np.ndarray:
    """A face `amount` on the way to expression k."""
    face = np.zeros(SIZE)
    face[k] = amount
    return face


def best(model: Discriminant, face: np.ndarray) -> str:
    scores, _ = model.judge(face)
    return model.names[int(np.argmax(scores))]


def test_one_frame_is_judged_as_many_are() -> None:
    model = a_model(NEUTRAL, "joy", "angry", far=12.0)
    faces = np.random.default_rng(0).normal(0, 5, (20, SIZE))
    distances = model.squared_distances(faces)
    for face, together, each in zip(faces, model.scores(distances), distances, strict=True):
        scores, is_like_any = model.judge(face)
        assert scores == pytest.approx(together)
        assert is_like_any == bool((each <= model.limits).any())


def test_half_of_a_strong_expression_is_that_expression() -> None:
    model = a_model(NEUTRAL, "joy", "angry", far=16.0)
    assert best(model, at(7.0)) == "joy"  # nearer to neutral than to joy
    assert best(model, at(7.0, 2)) == "angry"
    assert best(model, at(7.0, 5)) == NEUTRAL  # as far away, but on no way


@pytest.mark.parametrize("far", [4.0, 6.0, 20.0])
def test_a_face_that_is_hardly_away_from_neutral_is_neutral(far: float) -> None:
    model = a_model(NEUTRAL, "joy", far=far)
    assert best(model, at(CLEAR - 0.5)) == NEUTRAL
    assert best(model, at(far + CLEAR)) == "joy"


def test_without_a_neutral_face_the_nearer_centre_counts() -> None:
    model = a_model("sad", "joy", far=8.0)
    assert model.biases == [0.0, 0.0]
    assert best(model, at(5.0)) == "joy"
    assert best(model, at(5.0, 0)) == "sad"
