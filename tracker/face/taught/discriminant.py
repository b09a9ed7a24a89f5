"""Tells taught expressions apart: a linear discriminant, shrunk towards what is known of all faces.

Ten seconds of an expression are few samples: neighbouring frames are nearly alike, so that they count for some twenty
independent ones, fewer than there are measures. Their covariance alone could not even be inverted, and would take what
merely did not happen in these ten seconds for impossible. It is therefore mixed with a prior by their weights in
independent samples. One covariance for all expressions keeps every boundary a plane: as few numbers as can be learnt,
in closed form, in milliseconds.

Distances become probabilities by one temperature, and "none of these" by one limit each, both found on stretches of the
recordings that were held out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tracker.face.taught.measures import PRIOR_SD
from tracker.types import FloatArray

CORRELATION_S = 0.5
"""Samples closer than this show the same moment: so much recording counts as one independent sample."""
PRIOR_SAMPLES = 40.0
"""How many independent samples the prior covariance counts for."""
FOLDS = 5
"""Each recording is cut into so many stretches, each of which is held out once."""
TEMPERATURES: FloatArray = np.geomspace(1.0, 64.0, 25)
OPTIMISM = 4.0
"""Held-out stretches are of the same minute. Another pose, light or day makes mistakes likelier: probabilities become
right with this multiple of the temperature (measured by `training.expression.taught`)."""
LIMIT_QUANTILE, LIMIT_SLACK = 0.99, 6.0
"""A face is none of these beyond this multiple of that quantile of the held-out squared distances, for the same
reason."""
NEUTRAL_PRIOR = 10.0
"""How much likelier the neutral face is than any other, as it is what people mostly show."""
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, eq=False)
class Discriminant:
    """A trained model of K expressions by N measures.

    whitening: (N, N), makes movements within an expression round. centres: (K, N) whitened means. limits: (K,) squared
    distances beyond which a face is not that expression. temperature: squared distances per unit of twice the log odds.
    norms, biases: of each expression, the squared length of its centre and what is added to its score.
    """

    names: tuple[str, ...]
    whitening: FloatArray
    centres: FloatArray
    limits: FloatArray
    temperature: float
    norms: list[float] = field(init=False)
    biases: list[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "norms", (self.centres * self.centres).sum(axis=1).tolist())
        object.__setattr__(self, "biases", [math.log(NEUTRAL_PRIOR) if n == NEUTRAL else 0.0 for n in self.names])

    def squared_distances(self, samples: FloatArray) -> FloatArray:
        """(S, K) of (S, N) samples."""
        away = (samples @ self.whitening.T)[:, np.newaxis] - self.centres
        return np.asarray((away * away).sum(axis=2))

    def judge(self, sample: FloatArray) -> tuple[list[float], bool]:
        """K probabilities of one (N,) sample, and whether it is like any of the expressions at all."""
        # |w - c|^2 without the (K, N) differences; number by number from there on, which is quicker for so few.
        whitened = self.whitening @ sample
        own = float(whitened @ whitened)
        along = (self.centres @ whitened).tolist()
        distances = [own - 2.0 * a + b for a, b in zip(along, self.norms, strict=True)]
        scores = [b - d / (2.0 * self.temperature) for d, b in zip(distances, self.biases, strict=True)]
        highest = max(scores)
        raised = [math.exp(score - highest) for score in scores]
        total = sum(raised)
        is_like_any = any(d <= limit for d, limit in zip(distances, self.limits.tolist(), strict=True))
        return [value / total for value in raised], is_like_any


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How well the recordings are told apart where they were held out.

    recall: share of each expression's samples that were taken for it. confusion: [shown][taken for], shares.
    """

    recall: Mapping[str, float]
    confusion: Mapping[str, Mapping[str, float]]


def train(recordings: Mapping[str, FloatArray], sample_s: float) -> tuple[Discriminant, TrainingReport]:
    """Learn from the (S, N) samples of each name, in their order, `sample_s` seconds apart.

    Raises ValueError for fewer than two names.
    """
    if len(recordings) < 2:
        raise ValueError("record at least two expressions, one of them the neutral face")
    names, arrays = tuple(recordings), list(recordings.values())
    held_out: list[list[FloatArray]] = [[] for _ in names]
    for fold in range(FOLDS):
        whitening, centres = _fit([_without(array, fold, sample_s) for array in arrays], sample_s)
        model = Discriminant(names, whitening, centres, np.zeros(len(names)), 1.0)
        for own, array in enumerate(arrays):
            held_out[own].append(model.squared_distances(_stretch(array, fold)))
    distances = [np.concatenate(parts) for parts in held_out]
    quantiles = np.array([np.quantile(each[:, own], LIMIT_QUANTILE) for own, each in enumerate(distances)])
    limits = LIMIT_SLACK * np.maximum(quantiles, np.median(quantiles))
    whitening, centres = _fit(arrays, sample_s)
    return Discriminant(names, whitening, centres, limits, OPTIMISM * _temperature(distances, names)), _report(
        distances, names
    )


def _fit(arrays: Sequence[FloatArray], sample_s: float) -> tuple[FloatArray, FloatArray]:
    """Whitening (N, N) and whitened centres (K, N)."""
    means = np.stack([array.mean(axis=0) for array in arrays])
    away = [array - mean for array, mean in zip(arrays, means, strict=True)]
    within = np.mean([each.T @ each / len(each) for each in away], axis=0)
    independent = sum(len(array) for array in arrays) * sample_s / CORRELATION_S
    mixed = independent * within + PRIOR_SAMPLES * np.diag(PRIOR_SD**2)
    lower = np.linalg.cholesky(mixed / (independent + PRIOR_SAMPLES))
    whitening: FloatArray = np.linalg.inv(lower)
    return whitening, means @ whitening.T


def _stretch(array: FloatArray, fold: int) -> FloatArray:
    """The part of a recording that is held out in `fold`."""
    return array[len(array) * fold // FOLDS : len(array) * (fold + 1) // FOLDS]


def _without(array: FloatArray, fold: int, sample_s: float) -> FloatArray:
    """The rest, without the moments next to that part, which look like it. Never empty."""
    gap = round(CORRELATION_S / sample_s)
    first, last = len(array) * fold // FOLDS, len(array) * (fold + 1) // FOLDS
    rest = np.concatenate([array[: max(0, first - gap)], array[last + gap :]])
    return rest if len(rest) else array


def _probabilities(distances: FloatArray, names: Sequence[str], temperature: float) -> FloatArray:
    """(..., K) of squared distances (..., K)."""
    scores = distances / (-2.0 * temperature)
    if NEUTRAL in names:
        scores[..., names.index(NEUTRAL)] += np.log(NEUTRAL_PRIOR)
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _temperature(distances: Sequence[FloatArray], names: Sequence[str]) -> float:
    """The one under which the held-out samples are the least surprising."""
    surprise = [
        -np.mean(
            [
                np.log(np.maximum(_probabilities(each.copy(), names, heat)[:, own], 1e-12)).mean()
                for own, each in enumerate(distances)
            ]
        )
        for heat in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(surprise))])


def _report(distances: Sequence[FloatArray], names: Sequence[str]) -> TrainingReport:
    confusion = {}
    for name, each in zip(names, distances, strict=True):
        taken = np.bincount(each.argmin(axis=1), minlength=len(names)) / len(each)
        confusion[name] = dict(zip(names, taken.tolist(), strict=True))
    return TrainingReport({name: confusion[name][name] for name in names}, confusion)
