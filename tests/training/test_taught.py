"""People who hold expressions, the prior that is fitted on them, and the trial of what they taught."""

import numpy as np
import pytest

pytest.importorskip("moderngl")
pytest.importorskip("numba")

from tracker.face.taught.discriminant import NEUTRAL
from tracker.face.taught.measures import MEASURES
from training.expression import taught, taught_prior
from training.expression.sittings import Sitter, load
from training.synthetic import held
from training.synthetic.expressions import INDEX

N = len(MEASURES)


def sitter(seed, stills=8, scatter=0.05):
    """Somebody whose joy is told by the first measure, read with `scatter`."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.1, N)
    joy = np.zeros(N)
    joy[0] = 1.0
    rows, names, sittings = [], [], []
    for which in range(2):
        for name, shift in ((NEUTRAL, 0.0), ("joy", joy)):
            rows.append(own + shift + rng.normal(0, scatter, (stills, N)))
            names += [name] * stills
            sittings += [which] * stills
    talking = np.arange(len(names)) % 2 == 1
    return Sitter(f"some-{seed:05d}", np.concatenate(rows), np.array(names), np.array(sittings), talking)


def test_a_side_that_is_not_named_is_both():
    face = held.template({"mouthSmile": 0.5, "mouthDimpleLeft": 0.5}, np.random.default_rng(0))
    assert face[INDEX["mouthSmileLeft"]] == face[INDEX["mouthSmileRight"]] > 0.39
    assert face[INDEX["mouthDimpleLeft"]] > 0.39 and face[INDEX["mouthDimpleRight"]] == 0.0


def test_every_word_of_the_vocabulary_moves_the_face_and_all_differ():
    faces = [held.template(shape, np.random.default_rng(0)) for shape in held.VOCABULARY.values()]
    assert all(face.max() > 0.25 for face in faces)
    assert len({tuple(face > 0) for face in faces}) == len(faces)


def test_the_prior_is_the_scatter_within_and_the_spread_between():
    prior = taught_prior.fit([sitter(seed) for seed in range(30)])
    assert np.diag(prior.scatter)[:50].mean() == pytest.approx(0.05**2 + taught_prior.FLOOR_SD**2, rel=0.05)
    assert prior.spread[0, 0] == pytest.approx(1.0, rel=0.05)
    assert np.abs(prior.spread[1:, 1:]).max() < 0.01


def test_who_is_told_apart_is_right_and_a_talker_stays_neutral():
    prior = taught_prior.fit([sitter(seed) for seed in range(10)])
    outcome = taught.trial(sitter(10), prior, np.random.default_rng(0))
    assert outcome.right > 0.97 and outcome.talking == 0.0
    assert 0.0 < np.median(outcome.latencies) <= 0.2
    assert "1 people" in taught.summary([outcome])


def test_stills_without_a_measured_face_are_left_out(tmp_path):
    some = sitter(0)
    some.measures[3] = np.nan
    np.savez(tmp_path / "set-00000.npz", **{key: value for key, value in some._asdict().items() if key != "name"})
    (loaded,) = load(tmp_path, ("set",))
    assert len(loaded.measures) == len(loaded.expression) == len(some.measures) - 1
