"""What the landmark networks are trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor

from tracker import topology as t
from training.landmarks.data import MIRROR, NOT_A_FACE, Batch

Answer = tuple[Tensor, Tensor, Tensor, Tensor]
"""What a network gives: points, log scale, extra points, coefficients."""
Teacher = tuple[Tensor, Tensor]
"""All points (B, 153, 2) and coefficients (B, 52) of a larger network for the same batch."""

EXTRA_SHARE = 0.4
"""Weight of the extra points' error against that of the landmarks."""
GAP_SHARE = 0.4
GAPS = ((59, 65), (60, 64), (61, 63), (37, 41), (38, 40), (43, 47), (44, 46))
"""Upper and lower edge of mouth and eyes: their distance matters more than where they are."""
FALSE_ABOVE = 0.2
"""A coefficient that should be 0 is punished beyond its error when it is more than this. Punished from nearly 0 on,
whatever is seen in fewer than a fifth of similar pictures was answered by 0."""
COEFFICIENT_SHARE = 10.0
COPIES = 8
"""So many pictures of a batch are shown once more, half of them mirrored, with fresh sensor noise and light."""
NOISE = (2.0, 9.0)
"""Range of that noise's standard deviation, grey levels."""
JITTER_WEIGHT = 5.0
CONSISTENCY_WEIGHT = 1.0
TEACHER_SHARE = 0.5


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def eye_distance(points: Tensor) -> Tensor:
    """(B, 1) distance of the outer eye corners of points (B, 66 or more, 2), with a floor for profiles."""
    return (points[:, t.RIGHT_EYE_OUTER] - points[:, t.LEFT_EYE_OUTER]).norm(dim=1).clamp(min=0.15)[:, None]


def point_loss(found: Answer, batch: Batch, teacher: Teacher | None) -> Tensor:
    """Robust position error plus the uncertainty's negative log likelihood.

    A point's distance d from the truth is taken as Gamma(2, b) distributed, the radius of a two-dimensional
    Laplace-like law: nll = d / b + 2 log b. Only the scale learns from it. Without a face a point is half a crop away
    from anything.
    """
    landmarks, log_scale, extra, _ = found
    points = torch.cat([landmarks, extra], dim=1)
    truth, weights = batch.points, batch.weights
    faceless = truth[:, 0, 0] == NOT_A_FACE
    eye = eye_distance(truth)
    distance = (points - truth).square().sum(dim=2).add(1e-8).sqrt()
    relative = distance / eye
    robust = torch.log1p(relative / 0.03) * 0.03 + 0.3 * relative  # small errors count most
    trusted = weights * ~faceless[:, None]
    if teacher is not None:
        apart = (points - teacher[0]).square().sum(dim=2).add(1e-8).sqrt() / eye
        robust = (1 - TEACHER_SHARE) * robust + TEACHER_SHARE * apart
    n = landmarks.shape[1]
    position = mean(robust[:, :n], trusted[:, :n]) + EXTRA_SHARE * mean(robust[:, n:], trusted[:, n:])
    upper, lower = (list(side) for side in zip(*GAPS, strict=True))
    gap = (points[:, upper] - points[:, lower]) - (truth[:, upper] - truth[:, lower])
    position = position + GAP_SHARE * mean(gap.square().sum(dim=2).add(1e-8).sqrt() / eye, trusted[:, upper])
    scale = log_scale.clamp(-7, 0)
    nll = torch.where(faceless[:, None], 0.5, distance[:, :n].detach()) * torch.exp(-scale) + 2 * scale
    return 10 * position + 0.02 * mean(nll, weights[:, :n])


def coefficient_loss(found: Answer, batch: Batch, teacher: Teacher | None) -> Tensor:
    """Squared and absolute error, what moves counting more, and the more the further; answers beyond 0 or 1 are as good
    as 0 or 1."""
    truth, answer = batch.coefficients, found[3]
    error = answer - truth
    error = torch.where((truth <= 0.005) & (error < 0) | (truth >= 0.995) & (error > 0), 0.1 * error, error)
    moving = 1 + 1.5 * (truth > 0.05).float() + 1.5 * truth
    loss = moving * error.square() + 0.15 * error.abs()
    loss = loss + 0.5 * (truth < 0.02).float() * (answer - FALSE_ABOVE).clamp(min=0)
    if teacher is not None:
        loss = (1 - TEACHER_SHARE) * loss + TEACHER_SHARE * 2 * (answer - teacher[1]).square()
    return mean(loss, batch.trust)


def with_copies(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 3, S, S) and behind them COPIES of them with noise and another light, and which of these are mirrored."""
    copies = pictures[:COPIES]
    mirrored = torch.rand(len(copies), device=pictures.device) < 0.5
    copies = torch.where(mirrored[:, None, None, None], copies.flip(3), copies)
    sigma = torch.empty(len(copies), 1, 1, 1, device=pictures.device).uniform_(*NOISE) / 255
    light = torch.empty(len(copies), 1, 1, 1, device=pictures.device).uniform_(0.85, 1.15)
    copies = (copies * light + sigma * torch.randn_like(copies)).clamp(0, 1)
    return torch.cat([pictures, copies]).contiguous(memory_format=torch.channels_last), mirrored


def temporal_jitter(answers: Answer, batch: Batch, mirrored: Tensor) -> Tensor:
    """How far points and coefficients of the copies are from those of their originals, mirrored where they are."""
    n = len(mirrored)
    faces = (batch.points[:n, 0, 0] != NOT_A_FACE).float()[:, None]
    points = torch.cat([answers[0], answers[2]], dim=1)
    copied = points[-n:]
    back = copied[:, MIRROR] * copied.new_tensor((-1, 1)) + copied.new_tensor((1, 0))
    copied = torch.where(mirrored[:, None, None], back, copied)
    apart = (copied - points[:n].detach()).square().sum(dim=2).add(1e-8).sqrt() / eye_distance(batch.points[:n])
    landmarks = apart[:, : t.N_LANDMARKS]
    answer = answers[3][-n:]
    answer = torch.where(mirrored[:, None], answer[:, t.BLENDSHAPE_MIRROR], answer)
    change = (answer.clamp(0, 1) - answers[3][:n].detach().clamp(0, 1)).abs()
    return JITTER_WEIGHT * mean(landmarks, faces.expand_as(landmarks)) + CONSISTENCY_WEIGHT * mean(
        change, faces.expand_as(change)
    )
