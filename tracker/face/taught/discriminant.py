"""Tells taught expressions apart: a linear discriminant whose centres and scatter are shrunk towards what is known of
all faces.

Ten seconds of an expression are few samples: neighbouring frames are nearly alike, so that they count for some eight
independent ones, fewer than there are measures. Their covariance alone could not even be inverted, and would take what
merely did not happen in these ten seconds for impossible. It is therefore mixed with a prior by their weights in
independent samples. In the basis in which both that scatter is round and the spread of expressions is a diagonal, each
expression's distance from neutral is shrunk by what its few samples are worth there, and what lies in directions in
which no expression differs tells where neutral is (probabilistic linear discriminant analysis: Ioffe, ECCV 2006).
An expression is not always shown as strongly: along the line from neutral to its centre it scatters more, by a share of
that distance, so that a weaker one is not neutral yet. All is closed form, in milliseconds.

"None of these" is decided by one limit each, found on stretches of the recordings that were held out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tracker.face.taught.prior import Prior, load_prior
from tracker.types import FloatArray

CORRELATION_S = 1.25
"""So much recording counts as one independent sample: about as long as a head stays in one pose."""
PRIOR_SAMPLES = 20.0
"""How many independent samples the prior scatter counts for."""
LEAST_SPREAD = 0.02
"""How far expressions spread in directions in which those of the prior did not, over the scatter: somebody may have
taught what nobody thought of."""
TEMPERATURE = 4.0
"""Squared distances per unit of twice the log odds. Above 1, as recordings show less than what will be met."""
FOLDS = 5
"""Each recording is cut into so many stretches, each of which is held out once."""
LIMIT_QUANTILE, LIMIT_SLACK = 0.99, 3.0
"""A face is none of these beyond this multiple of that quantile of the held-out squared distances, for the same
reason."""
NEUTRAL_ODDS = 3.0
"""How much likelier the neutral face is than any other in each look, as it is what people mostly show."""
STRENGTH_SD = 0.15
"""How the strength varies with which somebody shows an expression, as a share of it."""
CLEAR = 4.0
"""So far from the neutral face's centre, in standard deviations of movements within an expression, a face must be on
the way to an expression before it is one: talk and light move a neutral face up to there."""
NEUTRAL_WEIGHT = 3.0
"""How much more often a face changes to neutral than to any other."""
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, eq=False)
class Discriminant:
    """A trained model of K expressions by N measures.

    whitening: (N, N), makes movements within an expression round. centres: (K, N) whitened means. limits: (K,) squared
    distances beyond which a face is not that expression. norms, biases: of each expression, the squared length of its
    centre and what is added to its score. gains, places: of each, how much of the squared way along the line from
    neutral is forgiven, and where its centre is on that line. weights: of each, as `decision.Belief` takes them.
    """

    names: tuple[str, ...]
    whitening: FloatArray
    centres: FloatArray
    limits: FloatArray
    norms: list[float] = field(init=False)
    gains: list[float] = field(init=False)
    places: list[float] = field(init=False)
    biases: list[float] = field(init=False)
    weights: list[float] = field(init=False)
    _neutral: int = field(init=False)

    def __post_init__(self) -> None:
        neutral = self.names.index(NEUTRAL) if NEUTRAL in self.names else None
        # Without a neutral face nothing is on the way from it.
        ways = self.centres * 0.0 if neutral is None else self.centres - self.centres[neutral]
        squared = (ways * ways).sum(axis=1)
        extra = STRENGTH_SD**2 * squared  # variance along the way, beyond the 1 of every direction
        gains = extra / (1.0 + extra) / np.maximum(squared, 1e-12)
        clear = ((np.sqrt(squared) - CLEAR) ** 2 / (1.0 + extra) - CLEAR**2) / (2.0 * TEMPERATURE)
        biases = np.minimum(-math.log(NEUTRAL_ODDS) - 0.5 * np.log1p(extra), clear)
        values = {
            "norms": (self.centres * self.centres).sum(axis=1).tolist(),
            "gains": gains.tolist(),
            "places": (ways * self.centres).sum(axis=1).tolist(),
            "biases": [0.0 if neutral in (k, None) else bias for k, bias in enumerate(biases.tolist())],
            "weights": [NEUTRAL_WEIGHT if n == NEUTRAL else 1.0 for n in self.names],
            "_neutral": 0 if neutral is None else neutral,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def squared_distances(self, samples: FloatArray) -> FloatArray:
        """(S, K) of (S, N) samples, less what a weaker or stronger expression is forgiven."""
        whitened = samples @ self.whitening.T
        away = whitened[:, np.newaxis] - self.centres
        along = whitened @ (self.centres - self.centres[self._neutral]).T - self.places
        return np.asarray((away * away).sum(axis=2) - self.gains * along * along)

    def scores(self, squared_distances: FloatArray) -> FloatArray:
        """Log-likelihoods of what `squared_distances` gave."""
        return np.asarray(self.biases - squared_distances / (2.0 * TEMPERATURE))

    def judge(self, sample: FloatArray) -> tuple[list[float], bool]:
        """K log-likelihoods of one (N,) sample, and whether it is like any of the expressions at all."""
        # |w - c|^2 without the (K, N) differences; number by number from there on, which is quicker for so few.
        whitened = self.whitening @ sample
        own = float(whitened @ whitened)
        along = (self.centres @ whitened).tolist()
        start = along[self._neutral]
        distances = [
            own - 2.0 * a + b - gain * (a - start - place) ** 2
            for a, b, gain, place in zip(along, self.norms, self.gains, self.places, strict=True)
        ]
        scores = [b - d / (2.0 * TEMPERATURE) for d, b in zip(distances, self.biases, strict=True)]
        is_like_any = any(d <= limit for d, limit in zip(distances, self.limits.tolist(), strict=True))
        return scores, is_like_any


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How well the recordings are told apart where they were held out.

    recall: share of each expression's samples that were taken for it. confusion: [shown][taken for], shares.
    """

    recall: Mapping[str, float]
    confusion: Mapping[str, Mapping[str, float]]


def train(
    recordings: Mapping[str, FloatArray], sample_s: float, prior: Prior | None = None
) -> tuple[Discriminant, TrainingReport]:
    """Learn from the (S, N) samples of each name, in their order, `sample_s` seconds apart.

    prior: None for the one that is shipped. Raises ValueError for fewer than two names, ModelError without a prior.
    """
    prior = load_prior() if prior is None else prior
    if len(recordings) < 2:
        raise ValueError("record at least two expressions, one of them the neutral face")
    names, arrays = tuple(recordings), list(recordings.values())
    held_out: list[list[FloatArray]] = [[] for _ in names]
    for fold in range(FOLDS):
        whitening, centres = _fit(names, [_without(array, fold, sample_s) for array in arrays], sample_s, prior)
        model = Discriminant(names, whitening, centres, np.zeros(len(names)))
        for own, array in enumerate(arrays):
            held_out[own].append(model.squared_distances(_stretch(array, fold)))
    distances = [np.concatenate(parts) for parts in held_out]
    quantiles = np.array([np.quantile(each[:, own], LIMIT_QUANTILE) for own, each in enumerate(distances)])
    limits = LIMIT_SLACK * np.maximum(quantiles, np.median(quantiles))
    whitening, centres = _fit(names, arrays, sample_s, prior)
    model = Discriminant(names, whitening, centres, limits)
    return model, _report([model.scores(each) for each in distances], names)


def _fit(
    names: Sequence[str], arrays: Sequence[FloatArray], sample_s: float, prior: Prior
) -> tuple[FloatArray, FloatArray]:
    """Whitening (N, N) and whitened centres (K, N)."""
    means = np.stack([array.mean(axis=0) for array in arrays])
    away = [array - mean for array, mean in zip(arrays, means, strict=True)]
    within = np.mean([each.T @ each / len(each) for each in away], axis=0)
    independent = np.array([[len(array) * sample_s / CORRELATION_S] for array in arrays])
    total = float(independent.sum())
    scatter = (total * within + PRIOR_SAMPLES * prior.scatter) / (total + PRIOR_SAMPLES)
    inverse = np.linalg.inv(np.linalg.cholesky(scatter))
    spread, axes = np.linalg.eigh(inverse @ prior.spread @ inverse.T)
    whitening: FloatArray = axes.T @ inverse
    spread = np.maximum(spread, 0.0) + LEAST_SPREAD
    found = means @ whitening.T
    variance = np.where([[name == NEUTRAL] for name in names], 0.0, spread) + 1.0 / independent  # of `found`, (K, N)
    neutral = (found / variance).sum(axis=0) / (1.0 / variance).sum(axis=0)
    trust = 1.0 - 1.0 / (independent * variance)  # 0 for the neutral face itself
    return whitening, neutral + trust * (found - neutral)


def _stretch(array: FloatArray, fold: int) -> FloatArray:
    """The part of a recording that is held out in `fold`."""
    return array[len(array) * fold // FOLDS : len(array) * (fold + 1) // FOLDS]


def _without(array: FloatArray, fold: int, sample_s: float) -> FloatArray:
    """The rest, without the moments next to that part, which look like it. Never empty."""
    gap = round(CORRELATION_S / sample_s)
    first, last = len(array) * fold // FOLDS, len(array) * (fold + 1) // FOLDS
    rest = np.concatenate([array[: max(0, first - gap)], array[last + gap :]])
    return rest if len(rest) else array


def _report(scores: Sequence[FloatArray], names: Sequence[str]) -> TrainingReport:
    confusion = {}
    for name, each in zip(names, scores, strict=True):
        taken = np.bincount(each.argmax(axis=1), minlength=len(names)) / len(each)
        confusion[name] = dict(zip(names, taken.tolist(), strict=True))
    return TrainingReport({name: confusion[name][name] for name in names}, confusion)
