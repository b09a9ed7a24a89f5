"""Train eye networks: `python -m training.eyes.train --network eyes eyes_fine --steps 12000`.

Both can learn from the same crops, made for the larger one; making them takes longer than learning from them.
"""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np
import torch
from torch.nn import functional

from training.datasets import TRAIN
from training.eyes.data import SPAN, Example, EyeSet, example
from training.eyes.network import EyeNetwork
from training.photometric import Picture
from training.run import SAVE_EVERY_S, Clock, Run, add_run_arguments

# Crop size and channels of each network.
NETWORKS = {"eyes": ((48, 36), 48), "eyes_fine": ((64, 48), 64)}
BATCH = 128
NEAR = 0.05
"""Confidence is the probability that the pupil lies within this many eye widths."""
PUPIL_BETA = 0.012
"""Errors of pupils below this many eye widths count by their squares, larger ones, often the label's, by their size."""
# Rare sources are shown more often.
SHARE = {"cew_closed": 5.0, "eye_state": 4.0, "uda": 4.0, "faker": 4.0, "mask_on": 2.0, "mask_off": 1.5}

Prediction = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def new_network(name: str) -> EyeNetwork:
    """An untrained network of the named size."""
    size, width = NETWORKS[name]
    return EyeNetwork(size, width)


def eye_loss(found: Prediction, examples: list[Example]) -> torch.Tensor:
    """Sum of the losses of pupil, lids, gap, closed and confidence, each where it is known."""
    pupil, lids, gap, closed, confidence = found
    span = torch.tensor(SPAN, device=gap.device)
    weight = torch.tensor([e.weights for e in examples], device=gap.device)
    true_pupil = torch.from_numpy(np.stack([e.pupil for e in examples])).to(gap.device)
    true_lids = torch.from_numpy(np.stack([e.lids for e in examples])).to(gap.device)
    true_gap = torch.tensor([e.gap for e in examples], device=gap.device)
    true_closed = torch.tensor([e.closed for e in examples], device=gap.device)

    off = (pupil - true_pupil) * span
    on_pupil = functional.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=PUPIL_BETA).sum(1)
    loss = (on_pupil * weight[:, 0]).sum() / weight[:, 0].sum().clamp(min=1)

    off_lids = (lids - true_lids) * span
    on_lids = functional.smooth_l1_loss(off_lids, torch.zeros_like(off_lids), reduction="none", beta=0.03)
    loss = loss + (on_lids.sum(2).mean(1) * weight[:, 1]).sum() / weight[:, 1].sum().clamp(min=1)

    on_gap = functional.smooth_l1_loss(gap, true_gap, reduction="none", beta=0.03)
    open_at_least = functional.relu(0.18 - gap)  # labelled open, but how far is not known
    loss = loss + 3 * torch.where(weight[:, 2] > 0, on_gap, open_at_least).mean()

    on_closed = functional.binary_cross_entropy_with_logits(closed, true_closed, reduction="none")
    loss = loss + 0.15 * (on_closed * weight[:, 3]).sum() / weight[:, 3].sum().clamp(min=1)

    near = ((off.detach().norm(dim=1) < NEAR) & (weight[:, 0] > 0)).float()
    judged = ((weight[:, 0] > 0) | ((weight[:, 3] > 0) & (true_closed > 0))).float()
    on_confidence = functional.binary_cross_entropy_with_logits(confidence, near, reduction="none")
    return loss + 0.05 * (on_confidence * judged).sum() / judged.sum().clamp(min=1)


def begin(name: str, network: EyeNetwork, args: argparse.Namespace) -> Run:
    """A run of `network`, from its last checkpoint where that is asked for."""
    run = Run(name, network, args.steps, args.learning_rate, args.device)
    if args.resume:
        run.resume()
    run.module.train()
    return run


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """A crop made for a larger network at the `size` (width, height) of another."""
    if picture.shape[1::-1] == size:
        return picture
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def as_tensor(pictures: list[np.ndarray]) -> torch.Tensor:
    """Crops as (N, 3, H, W) floats 0 to 1, channels last in memory."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return stacked.float().div_(255).contiguous(memory_format=torch.channels_last)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, steps=12000)
    parser.add_argument("--network", nargs="+", choices=sorted(NETWORKS), default=["eyes"])
    parser.add_argument("--without", nargs="*", default=(), metavar="SOURCE", help="sources to leave out (a trial)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    runs = [begin("-without-".join([name, *args.without]), new_network(name), args) for name in args.network]
    sizes = [NETWORKS[name][0] for name in args.network]
    rng = np.random.default_rng([args.seed, runs[0].done])
    eyes = EyeSet(without=tuple(args.without))
    choice = eyes.pack.indices(TRAIN)
    choice = choice[eyes.used[choice]]
    share = np.array([SHARE.get(str(source), 1.0) for source in eyes.pack.source[choice]])
    share[eyes.gap[choice] < 0.15] *= 2
    share /= share.sum()
    clock = Clock(runs)
    while runs[0].progress < 1:
        examples = [example(eyes, int(i), max(sizes), rng) for i in rng.choice(choice, BATCH, p=share)]
        losses = []
        for run, size in zip(runs, sizes, strict=True):
            pictures = as_tensor([resized(e.picture, size) for e in examples]).to(run.device)
            loss = eye_loss(run.module(pictures), examples)
            run.step(loss)
            losses.append(loss.item())
        clock.report(losses)
        for run in runs:
            run.save(every_s=SAVE_EVERY_S)
    for run in runs:
        run.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
