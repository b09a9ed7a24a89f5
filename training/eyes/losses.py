"""What the eye networks are asked to learn, as one loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.batch_photometric import constant
from training.eyes.batch import Batch
from training.eyes.data import OPEN_GAP, SPAN
from training.eyes.network import GAZE_UNIT_DEG, Answers

NEAR = 0.05
"""Confidence is the probability that the pupil lies within this many eye widths."""
PUPIL_BETA = 0.012
"""Errors of pupils below this many eye widths count by their squares, larger ones, often the label's, by their size."""
GAZE_BETA = 0.05
"""Errors of gaze below this (times GAZE_UNIT_DEG: 1.5 degrees) count by their squares."""
GAZE_SHARE, PUPIL_SHARE = 3.0, 4.0
"""Of the gaze and of the pupil in the loss. With 1 of the gaze angles are still read a third too small when pupils and
lids no longer improve; with 2 and 1 pupils lose a tenth of their precision to it."""
ANGLES = (0.8, 1.2, 0.8, 1.2)
"""Of each angle in the gaze: heights are told by less of the picture and read worse."""


def eye_loss(found: Answers, batch: Batch) -> Tensor:
    """Sum of the losses of all the network's answers, each where the truth is known."""
    pupil, lids, gap, closed, confidence, gaze, openness, blink, seen = found
    span = constant(SPAN, gap.device)

    off = (pupil - batch.pupil) * span
    on_pupil = functional.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=PUPIL_BETA).sum(1)
    loss = PUPIL_SHARE * _mean(on_pupil, batch.weight("pupil"))

    off_lids = (lids - batch.lids) * span
    on_lids = functional.smooth_l1_loss(off_lids, torch.zeros_like(off_lids), reduction="none", beta=0.03)
    loss = loss + _mean(on_lids.sum(2).mean(1), batch.weight("lids"))

    on_gap = functional.smooth_l1_loss(gap, batch.truth("gap"), reduction="none", beta=0.03)
    open_at_least = functional.relu(OPEN_GAP - gap)  # labelled open, but how far is not known
    known = batch.weight("gap")
    loss = loss + 3 * torch.where(known >= 0, known * on_gap, open_at_least).mean()

    near = ((off.detach().norm(dim=1) < NEAR) & (batch.weight("pupil") > 0)).float()
    for weighs, name, said, true in (
        (0.15, "closed", closed, batch.truth("closed")),
        (0.05, "confidence", confidence, near),
        (0.3, "blink", blink, batch.truth("blink")),
        (0.05, "seen", seen, batch.truth("seen")),
    ):
        wrong = functional.binary_cross_entropy_with_logits(said, true, reduction="none")
        loss = loss + weighs * _mean(wrong, batch.weight(name))

    off_gaze = gaze - batch.gaze / GAZE_UNIT_DEG
    on_gaze = functional.smooth_l1_loss(off_gaze, torch.zeros_like(off_gaze), reduction="none", beta=GAZE_BETA)
    on_gaze = (on_gaze * constant(ANGLES, gap.device)).mean(1)
    loss = loss + GAZE_SHARE * _mean(on_gaze, batch.weight("gaze"))
    on_openness = functional.smooth_l1_loss(openness, batch.truth("openness"), reduction="none", beta=0.1)
    return loss + 0.5 * _mean(on_openness, batch.weight("openness"))


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Mean of the (N,) `values` that count."""
    return (values * weights).sum() / weights.sum().clamp(min=1)
