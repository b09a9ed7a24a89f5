"""How well taught expressions are recognised: `python -m training.expression.taught FOLDER`.

FOLDER holds what `training.expression.sittings` measured of rendered people. Each of them records ten seconds of the
neutral face and of six expressions, from the stills of the first sitting: the face goes from one still to the next in a
second, which changes pose, light, talk and looks. The tests are of the second sitting: all expressions in random
order, and the neutral face alone, talking half of the time. Measures are smoothed as the tracker smooths them.

Settings were chosen with `--train`: people of the training split, who show other expressions too, each with a prior
fitted on the others. The people of the test split are only for reporting.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.face.smoothing import OneEuroFilter
from tracker.face.taught.decision import Belief, Decision
from tracker.face.taught.discriminant import NEUTRAL, Discriminant, train
from tracker.face.taught.measures import MEASURES
from tracker.face.taught.prior import Prior, load_prior
from tracker.face.taught.samples import SAMPLE_S
from training.expression import taught_prior
from training.expression.sittings import TEST_SETS, TRAIN_SETS, Sitter, load

FPS = 30
RECORDED_S, TEST_S, HELD_S, CHANGE_S = 10.0, 84.0, 4.0, 0.2
SETTLED_S = 0.5
"""After a change of the face, before answers count."""
MOVE_S = 1.0
"""From one still to the next."""
JITTER = 0.15
"""Of single frames, over the prior's scatter."""

_PARTS = ("eye", "brow", "nose", "cheek", "jaw", "mouth", "tongue", "openness", "gaze", "point")
REGIONS = np.array([next(k for k, part in enumerate(_PARTS) if name.startswith(part)) for name in MEASURES])
"""(N,) measures of one region are smoothed alike."""


class Outcome(NamedTuple):
    """right: share of settled frames. talking: share of frames of a neutral talker that show something else.
    latencies: seconds from the middle of each change until it is shown. taken: how often (shown, taken for) was."""

    right: float
    talking: float
    latencies: list[float]
    taken: Counter[tuple[str, str | None]]


def moving(stills: np.ndarray, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """(frames, N) a face that goes from still to still (S, N)."""
    frames, steps = round(seconds * FPS), round(MOVE_S * FPS)
    stops = stills[rng.integers(len(stills), size=frames // steps + 3)]
    when = (np.arange(frames) + rng.integers(steps)) / steps
    at = when.astype(int)
    share = (when - at)[:, np.newaxis]
    return np.asarray((1 - share) * stops[at] + share * stops[at + 1])


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """The parts one after the other, with `CHANGE_S` from each to the next."""
    whole, change = np.concatenate(parts), round(CHANGE_S * FPS)
    share = ((np.arange(change) + 0.5) / change)[:, np.newaxis]
    for end in np.cumsum([len(part) for part in parts])[:-1]:
        first = end - change // 2
        whole[first : first + change] = (1 - share) * whole[first - 1] + share * whole[first + change]
    return whole


def seen(face: np.ndarray, prior: Prior, rng: np.random.Generator) -> np.ndarray:
    """(frames, N) measures as the tracker gives them: with each frame's own error, smoothed."""
    sd = np.sqrt(np.diag(prior.scatter))
    face = face + JITTER * sd * rng.normal(size=face.shape)
    smoother = OneEuroFilter(REGIONS, min_cutoff_hz=1.5, gain=6.0, dead_zone=0.25)  # as for coefficients
    unit = np.where([name.startswith("point") for name in MEASURES], 0.1, 1.0)  # moves as far as a coefficient of 1
    steady = [smoother.filter((row / unit)[:, np.newaxis], k / FPS)[:, 0] * unit for k, row in enumerate(face)]
    return np.stack(steady)


def shown(model: Discriminant, measures: np.ndarray) -> list[str | None]:
    """What is shown in each frame."""
    decision, belief, names = Decision(), Belief(model.weights), []
    for frame, row in enumerate(measures):
        scores, is_like_any = model.judge(row)
        shares = belief.update(scores, frame / FPS)
        best = max(range(len(shares)), key=shares.__getitem__)
        decision.update(model.names[best], shares[best], is_like_any, frame / FPS)
        names.append(decision.name)
    return names


def trial(sitter: Sitter, prior: Prior, rng: np.random.Generator, silent: bool = False) -> Outcome:
    """One person records, without a word if `silent`, then is tested."""
    names, step = sitter.names, round(SAMPLE_S * FPS)
    recordings = {
        name: seen(moving(sitter.stills(name, 0, silent), RECORDED_S, rng), prior, rng)[::step] for name in names
    }
    model, _ = train(recordings, SAMPLE_S, prior)
    order: list[str] = []
    while len(order) < TEST_S / HELD_S:
        order += [name for name in rng.permutation(names).tolist() if not order or name != order[-1]]
    test = joined([moving(sitter.stills(name, 1), HELD_S, rng) for name in order])
    answers = shown(model, seen(test, prior, rng))
    each, settled = round(HELD_S * FPS), round(SETTLED_S * FPS)
    taken: Counter[tuple[str, str | None]] = Counter()
    latencies = []
    for place, wanted in enumerate(order):
        part = answers[place * each : (place + 1) * each]
        taken.update((wanted, answer) for answer in part[settled:])
        if place and answers[place * each - 1] == order[place - 1] and wanted in part:
            latencies.append(part.index(wanted) / FPS)
    talker = shown(model, seen(moving(sitter.stills(NEUTRAL, 1), TEST_S, rng), prior, rng))
    talking = float(np.mean([answer not in (None, NEUTRAL) for answer in talker]))
    right = sum(count for (name, answer), count in taken.items() if name == answer) / taken.total()
    return Outcome(right, talking, latencies, taken)


def summary(outcomes: list[Outcome]) -> str:
    """The figures of some people, in one line."""
    right, talking = (np.array([outcome[k] for outcome in outcomes]) for k in (0, 1))
    latencies = np.concatenate([outcome.latencies for outcome in outcomes])
    return (
        f"{len(outcomes)} people: right {100 * right.mean():.1f} % (worst tenth {100 * np.quantile(right, 0.1):.1f}), "
        f"talking and not neutral {100 * talking.mean():.2f} % (median {100 * np.median(talking):.2f}), "
        f"to switch {1000 * np.median(latencies):.0f} ms (nine of ten within {1000 * np.quantile(latencies, 0.9):.0f})"
    )


def mistakes(outcomes: list[Outcome], most: int = 8) -> str:
    """The most frequent mistakes, as shares of the frames in which an expression was to be shown."""
    taken = sum((outcome.taken for outcome in outcomes), Counter())
    of = Counter[str]()
    for (name, _), count in taken.items():
        of[name] += count
    wrong = [(count / of[name], name, answer) for (name, answer), count in taken.items() if name != answer]
    wrong.sort(key=lambda each: -each[0])
    return ", ".join(f"{name} as {answer} {100 * share:.0f} %" for share, name, answer in wrong[:most])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", action="store_true", help="people of the training split, to choose settings by")
    parser.add_argument("--silent", action="store_true", help="nobody talks while recording")
    parser.add_argument("--times", type=int, default=1, help="trials of each person")
    arguments = parser.parse_args()
    for name in TRAIN_SETS if arguments.train else TEST_SETS:
        rng = np.random.default_rng(0)
        outcomes = []
        for sitter in load(arguments.folder, (name,)):
            prior = load_prior()
            if arguments.train:
                prior = taught_prior.fit(
                    [each for each in load(arguments.folder, TRAIN_SETS) if each.name != sitter.name]
                )
            outcomes += [trial(sitter, prior, rng, arguments.silent) for _ in range(arguments.times)]
        print(f"{name}, {summary(outcomes)}; {mistakes(outcomes)}", flush=True)


if __name__ == "__main__":
    main()
