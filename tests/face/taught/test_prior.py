"""What is known of faces before anything was recorded, and how much of it a few samples overrule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tracker.errors import ModelError
from tracker.face.taught.discriminant import NEUTRAL, train
from tracker.face.taught.measures import MEASURES
from tracker.face.taught.prior import ASSET, Prior, load_prior
from tracker.face.taught.samples import SAMPLE_S

N = len(MEASURES)
ROUND = Prior(np.eye(N), np.diag(np.where(np.arange(N) < 3, 4.0, 0.0)))
"""Scatter alike in all directions; expressions differ in the first three measures."""


def recordings(seconds: float, generator: np.random.Generator) -> dict[str, np.ndarray]:
    count = round(seconds / SAMPLE_S)
    joy = np.zeros(N)
    joy[0] = 3.0
    return {NEUTRAL: generator.normal(size=(count, N)), "joy": joy + generator.normal(size=(count, N))}


def test_the_shipped_prior_says_that_talk_moves_the_jaw_and_that_brows_count() -> None:
    scatter = np.diag(load_prior().scatter)
    assert scatter[MEASURES.index("jawOpen")] > 2 * scatter[MEASURES.index("cheekSquintLeft")]
    for part in load_prior():
        np.testing.assert_allclose(part, part.T, atol=1e-6)
        assert np.linalg.eigvalsh(part).min() > -1e-5


@pytest.mark.parametrize("damage", ["missing", "short", "other measures", "not a covariance"])
def test_a_damaged_prior_is_one_line(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "taught_prior.npz"
    with np.load(ASSET) as stored:
        kept = {key: stored[key] for key in stored.files}
    if damage == "other measures":
        kept["measures"] = kept["measures"][::-1]
    elif damage == "not a covariance":
        kept["scatter"] = -kept["scatter"]
    if damage != "missing":
        np.savez(file, **kept)
    if damage == "short":
        file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError) as told:
        load_prior(file)
    assert "taught_prior.npz is missing or damaged" in str(told.value) and "\n" not in str(told.value)


def test_what_no_expression_moves_is_hardly_a_difference() -> None:
    model, _ = train(recordings(10.0, np.random.default_rng(0)), SAMPLE_S, ROUND)
    apart = np.linalg.solve(model.whitening, model.centres[1] - model.centres[0])
    assert 2.0 < apart[0] < 3.3, "the taught difference"
    assert np.abs(apart[3:]).max() < 0.1, "chance"


def test_a_longer_recording_is_believed_more() -> None:
    apart = []
    for seconds in (2.0, 40.0):
        model, _ = train(recordings(seconds, np.random.default_rng(1)), SAMPLE_S, ROUND)
        apart.append(np.linalg.solve(model.whitening, model.centres[1] - model.centres[0])[0])
    assert apart[0] < apart[1] < 3.1
