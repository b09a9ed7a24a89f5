"""Train eye networks: `python -m training.eyes.train --network eyes eyes_fine --steps 12000`.

Both can learn from the same crops, made for the larger one; making them takes longer than learning from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from training.datasets import TRAIN
from training.eyes.data import SPAN, Example, EyeSet, Weights, example
from training.eyes.network import GAZE_UNIT_DEG, Answers, EyeNetwork
from training.eyes.rendered import load_rendered_eyes, rendered_example
from training.photometric import Picture
from training.run import SAVE_EVERY_S, Clock, Run, add_run_arguments

# Crop size and channels of each network.
NETWORKS = {"eyes": ((48, 36), 48), "eyes_fine": ((64, 48), 64)}
BATCH = 128
NEAR = 0.05
"""Confidence is the probability that the pupil lies within this many eye widths."""
PUPIL_BETA = 0.012
"""Errors of pupils below this many eye widths count by their squares, larger ones, often the label's, by their size."""
GAZE_BETA = 0.05
"""Errors of gaze below this (times GAZE_UNIT_DEG: 1.5 degrees) count by their squares."""
GAZE_SHARE, PUPIL_SHARE = 2.0, 2.5
"""Of the gaze and of the pupil in the loss. With 1 of the gaze angles are still read a third too small when pupils and
lids no longer improve; with 2 and 1 pupils lose a tenth of their precision to it."""
# Rare sources are shown more often.
SHARE = {"cew_closed": 5.0, "eye_state": 4.0, "uda": 4.0, "faker": 4.0, "mask_on": 2.0, "mask_off": 1.5}


def new_network(name: str) -> EyeNetwork:
    """An untrained network of the named size."""
    size, width = NETWORKS[name]
    return EyeNetwork(size, width)


def eye_loss(found: Answers, examples: list[Example]) -> torch.Tensor:
    """Sum of the losses of all the network's answers, each where the truth is known."""
    pupil, lids, gap, closed, confidence, gaze, openness, blink, seen = found
    device = gap.device
    span = torch.tensor(SPAN, device=device)
    weight = Weights(*torch.tensor([e.weights for e in examples], device=device).T)
    true_pupil, true_lids, true_gaze = (
        torch.from_numpy(np.stack([getattr(e, key) for e in examples])).to(device) for key in ("pupil", "lids", "gaze")
    )
    true_gap, true_closed, true_openness, true_blink, true_seen = (
        torch.tensor([getattr(e, key) for e in examples], device=device)
        for key in ("gap", "closed", "openness", "blink", "seen")
    )

    off = (pupil - true_pupil) * span
    on_pupil = functional.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=PUPIL_BETA).sum(1)
    loss = PUPIL_SHARE * _mean(on_pupil, weight.pupil)

    off_lids = (lids - true_lids) * span
    on_lids = functional.smooth_l1_loss(off_lids, torch.zeros_like(off_lids), reduction="none", beta=0.03)
    loss = loss + _mean(on_lids.sum(2).mean(1), weight.lids)

    on_gap = functional.smooth_l1_loss(gap, true_gap, reduction="none", beta=0.03)
    open_at_least = functional.relu(0.18 - gap)  # labelled open, but how far is not known
    loss = loss + 3 * torch.where(weight.gap >= 0, weight.gap * on_gap, open_at_least).mean()

    near = ((off.detach().norm(dim=1) < NEAR) & (weight.pupil > 0)).float()
    for weighs, part, said, true in (
        (0.15, weight.closed, closed, true_closed),
        (0.05, weight.confidence, confidence, near),
        (0.3, weight.blink, blink, true_blink),
        (0.05, weight.seen, seen, true_seen),
    ):
        loss = loss + weighs * _mean(functional.binary_cross_entropy_with_logits(said, true, reduction="none"), part)

    off_gaze = gaze - true_gaze / GAZE_UNIT_DEG
    on_gaze = functional.smooth_l1_loss(off_gaze, torch.zeros_like(off_gaze), reduction="none", beta=GAZE_BETA)
    loss = loss + GAZE_SHARE * _mean(on_gaze.mean(1), weight.gaze)
    on_openness = functional.smooth_l1_loss(openness, true_openness, reduction="none", beta=0.1)
    return loss + 0.5 * _mean(on_openness, weight.openness)


def _mean(values: torch.Tensor, weights: Any) -> torch.Tensor:
    """Mean of the (N,) `values` that count."""
    return (values * weights).sum() / weights.sum().clamp(min=1)


def begin(name: str, network: EyeNetwork, args: argparse.Namespace) -> Run:
    """A run of `network`, from its last checkpoint or the archived weights where that is asked for."""
    run = Run(name, network, args.steps, args.learning_rate, args.device, faster={"look": args.faster})
    if args.begin_with:
        run.begin_with(args.begin_with.format(name=name))
    if args.resume:
        run.resume()
    run.module.train()
    return run


class Crops(IterableDataset[list[Example]]):
    """Batches without end, half of them renders where there are any."""

    def __init__(
        self, without: Sequence[str], renders: Sequence[str], size: tuple[int, int], seed: Sequence[int]
    ) -> None:
        self._eyes = EyeSet(without=tuple(without))
        self._rendered = load_rendered_eyes(renders) if renders else None
        self._size, self._seed = size, seed
        choice = self._eyes.pack.indices(TRAIN)
        self._choice = choice[self._eyes.used[choice]]
        share = np.array([SHARE.get(str(source), 1.0) for source in self._eyes.pack.source[self._choice]])
        share[self._eyes.gap[self._choice] < 0.15] *= 2
        self._share = share / share.sum()

    def __iter__(self) -> Iterator[list[Example]]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self._seed)
        photographs = BATCH if self._rendered is None else BATCH // 2
        while True:
            chosen = rng.choice(self._choice, photographs, p=self._share)
            examples = [example(self._eyes, int(i), self._size, rng) for i in chosen]
            if self._rendered is not None:
                drawn = rng.integers(0, len(self._rendered), BATCH - photographs)
                examples += [rendered_example(self._rendered, int(i), self._size, rng) for i in drawn]
            yield examples


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
    parser.add_argument("--renders", nargs="*", default=(), metavar="SET", help="sets of renders; half of the crops")
    parser.add_argument("--begin-with", metavar="RUN", help="averaged weights to start from; {name} is the network")
    parser.add_argument("--faster", type=float, default=1.0, help="factor on the learning rate of the new layers")
    parser.add_argument("--workers", type=int, choices=(0, 1), default=0, help="processes that make crops")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    runs = [begin("-without-".join([name, *args.without]), new_network(name), args) for name in args.network]
    sizes = [NETWORKS[name][0] for name in args.network]
    crops = Crops(args.without, args.renders, max(sizes), [args.seed, runs[0].done])
    batches = iter(
        DataLoader(crops, batch_size=None, num_workers=args.workers, prefetch_factor=4 if args.workers else None)
    )
    clock = Clock(runs)
    while runs[0].progress < 1:
        examples = next(batches)
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
