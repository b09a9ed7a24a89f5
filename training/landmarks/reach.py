"""How far a network's coefficients fall short of what is shown, and what is to be added on export.

A network that makes its squared error small answers what is shown fully, but seen poorly, with a third or a half. An
avatar would never press its lips. So what is beyond KNEE is stretched, per coefficient, until a fully shown one
typically says FULL. Order is kept: what tells shown from absent tells it as before, and correlation with the truth
rises a little (mean r on unseen renders 0.649 to 0.653, on photographs 0.737 to 0.743), while faces at rest say little
that lies beyond KNEE.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tracker import topology as t
from tracker.face.crop import crop_around, cut
from training.landmarks.data import load_renders
from training.landmarks.network import LandmarkNetwork
from training.landmarks.train import to_input

KNEE = 0.25
FULL = 0.7
STEEPEST = 2.0
SHOWN = 0.6
"""A coefficient beyond this is shown fully."""
FEWEST = 10
PICTURES = 900
"""Of each rendered set."""
LEFT_ALONE = np.array([name.startswith(("eyeLook", "eyeBlink", "eyeSquint")) for name in t.BLENDSHAPE_NAMES])
"""Looks and blinks are the eye network's in the tracker, whose mixes are fitted to what this network says itself. Lids
that a lowered head hides are taken for squinting, and would be so twice as much."""


def slopes(answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(52,) slope beyond KNEE. answers, truth: (N, 52), truth NaN where it is not known. Both sides have the same."""
    with np.errstate(invalid="ignore"):
        shown = truth > SHOWN
    counts = shown.sum(axis=0)
    said = np.where(counts < FEWEST, 1, np.where(shown, answers, 0).sum(axis=0) / np.maximum(counts, 1))
    typical = (said + said[t.BLENDSHAPE_MIRROR]) / 2
    slope = np.clip((FULL - KNEE) / np.maximum(typical - KNEE, 1e-3), 1, STEEPEST)
    return np.where(LEFT_ALONE, 1, slope).astype(np.float32)


def fit_slopes(network: LandmarkNetwork, input_px: int, renders: list[str]) -> np.ndarray:
    """`slopes` of a network in evaluation mode, on rendered sets that it was trained with."""
    rng = np.random.default_rng(5)
    answers, truth = [], []
    for faces in load_renders(renders).values():
        chosen = rng.choice(len(faces), min(PICTURES, len(faces)), replace=False)
        for rows in np.array_split(chosen, max(1, len(chosen) // 50)):
            crops = np.stack(
                [
                    cut(np.ascontiguousarray(faces.picture(i)), crop_around(faces.points[i, : t.N_LANDMARKS]), input_px)
                    for i in rows
                ]
            )
            with torch.no_grad():
                answers.append(network(to_input(torch.from_numpy(crops), input_px))[3].clamp(0, 1).numpy())
            truth.append(np.where(faces.trust[rows] > 0, faces.coefficients[rows], np.nan))
    if not answers:
        raise ValueError("no rendered set to tell from how far the coefficients reach")
    return slopes(np.concatenate(answers), np.concatenate(truth))


def stretched(coefficients: Tensor, slope: Tensor) -> Tensor:
    """(N, 52) in 0 to 1, from coefficients (N, 52) in 0 to 1 and slopes (52,)."""
    return (coefficients + (slope - 1) * torch.relu(coefficients - KNEE)).clamp(max=1)
