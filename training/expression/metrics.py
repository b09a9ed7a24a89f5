"""Figures for coefficients against their truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.topology import BLENDSHAPE_NAMES

ON, OFF = 0.3, 0.02
"""A coefficient above ON is shown, one below OFF is not; AUC is told from these two kinds of pictures."""
FULL = 0.7
"""A coefficient beyond this is shown fully."""
FEWEST = 5
GOOD = 0.8
GAZE = np.array([name.startswith("eyeLook") for name in BLENDSHAPE_NAMES])
"""(52,) bool: coefficients of gaze, reported apart."""
MOVING = 0.15
"""A coefficient moves in a clip when the annotator's scores spread so far (2nd to 98th percentile)."""


def area_under_curve(shown: np.ndarray, absent: np.ndarray) -> float:
    """Share of pairs in which the answer of a picture that shows it is larger; ties count half."""
    ordered = np.sort(absent)
    below = np.searchsorted(ordered, shown, "left") + np.searchsorted(ordered, shown, "right")
    return float(below.mean() / 2 / len(absent))


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation; 0 where one of them is constant."""
    if np.ptp(a) < 1e-6 or np.ptp(b) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


@dataclass(frozen=True, slots=True)
class Detected:
    """One coefficient: AUC and Pearson's r against exact truth."""

    auc: float
    r: float


def against_truth(found: np.ndarray, truth: np.ndarray, known: np.ndarray) -> dict[str, Detected]:
    """By name, for what is shown and absent often enough. found, truth (N, 52), known (N, 52) bool."""
    figures = {}
    for j, name in enumerate(BLENDSHAPE_NAMES):
        rows = known[:, j] & np.isfinite(found[:, j])
        value, answer = truth[rows, j], found[rows, j]
        shown, absent = answer[value > ON], answer[value < OFF]
        if len(shown) >= FEWEST and len(absent) >= FEWEST:
            figures[name] = Detected(area_under_curve(shown, absent), pearson(value, answer))
    return figures


def reach(found: np.ndarray, truth: np.ndarray, known: np.ndarray) -> dict[str, float]:
    """By name, for what is shown beyond FULL often enough: the mean answer over the mean truth there. Arrays as in
    `against_truth`."""
    shares = {}
    for j, name in enumerate(BLENDSHAPE_NAMES):
        rows = known[:, j] & np.isfinite(found[:, j]) & (truth[:, j] > FULL)
        if rows.sum() >= FEWEST:
            shares[name] = float(found[rows, j].mean() / truth[rows, j].mean())
    return shares


def summary(figures: dict[str, Detected]) -> dict[str, float]:
    """Over the coefficients without gaze: mean AUC, how many of how many above GOOD, mean r."""
    chosen = [figure for name, figure in figures.items() if not name.startswith("eyeLook")]
    return {
        "mean AUC": round(float(np.mean([figure.auc for figure in chosen])), 3),
        "above 0.8": sum(figure.auc > GOOD for figure in chosen),
        "of": len(chosen),
        "mean Pearson": round(float(np.mean([figure.r for figure in chosen])), 3),
    }


def within_clips(found: list[np.ndarray], scores: list[np.ndarray]) -> dict[str, float]:
    """r by name, for what moves in any clip: each clip's mean taken away, all frames of clips where it moves together.

    found, scores: per clip (frames, 52), NaN where a face was not found.
    """
    figures = {}
    for j, name in enumerate(BLENDSHAPE_NAMES):
        ours, theirs = [], []
        for answer, score in zip(found, scores, strict=True):
            rows = np.isfinite(answer[:, j]) & np.isfinite(score[:, j])
            if rows.sum() < FEWEST:
                continue
            a, b = answer[rows, j], score[rows, j]
            if np.ptp(np.percentile(b, [2, 98])) > MOVING:
                ours.append(a - a.mean())
                theirs.append(b - b.mean())
        if ours:
            figures[name] = pearson(np.concatenate(ours), np.concatenate(theirs))
    return figures


def slope(truth: np.ndarray, found: np.ndarray) -> tuple[float, float, float]:
    """Slope and offset of the line through (N,) angles, and mean absolute error."""
    gain, offset = np.polyfit(truth, found, 1)
    return float(gain), float(offset), float(np.abs(found - truth).mean())
