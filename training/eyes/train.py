"""Train eye networks: `python -m training.eyes.train --network eyes eyes_fine --steps 12000`.

Both can learn from the same examples; making them takes longer than learning from them. On a GPU several processes make
them, and each is drawn several times: `--workers 4 --pool 200000 --minutes 8`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from training.datasets import TRAIN
from training.eyes.batch import Batch, collated
from training.eyes.data import EyeSet, example
from training.eyes.losses import eye_loss
from training.eyes.network import EyeNetwork
from training.eyes.packed import load_packed
from training.eyes.rendered import RenderedEyes, joined, load_rendered_eyes, rendered_example
from training.eyes.views import views
from training.pool import add_pool_arguments, source_of
from training.run import SAVE_EVERY_S, Clock, Run, TimeLimit, add_run_arguments

# Crop size and channels of each network.
NETWORKS = {"eyes": ((48, 36), 48), "eyes_fine": ((64, 48), 64)}
BATCH = 128
# Rare sources are shown more often.
SHARE = {"cew_closed": 5.0, "eye_state": 4.0, "uda": 4.0, "faker": 4.0, "mask_on": 2.0, "mask_off": 1.5}


def new_network(name: str) -> EyeNetwork:
    """An untrained network of the named size."""
    size, width = NETWORKS[name]
    return EyeNetwork(size, width)


def begin(name: str, network: EyeNetwork, args: argparse.Namespace) -> Run:
    """A run of `network`, from its last checkpoint or the archived weights where that is asked for."""
    run = Run(name, network, args.steps, args.learning_rate, args.device, faster={"look": args.faster})
    if args.begin_with:
        run.begin_with(args.begin_with.format(name=name))
    if args.resume:
        run.resume()
    run.module.train()
    return run


class Batches(IterableDataset[Batch]):
    """Batches without end, half of them renders where there are any; each process that makes some draws its own."""

    def __init__(self, without: Sequence[str], rendered: RenderedEyes | None, seed: Sequence[int]) -> None:
        self._eyes = EyeSet(without=tuple(without))
        _ = self._eyes.pack.pixels  # decoded here, once, not by each process
        self._rendered, self._seed = rendered, seed
        choice = self._eyes.pack.indices(TRAIN)
        self._choice = choice[self._eyes.used[choice]]
        share = np.array([SHARE.get(str(source), 1.0) for source in self._eyes.pack.source[self._choice]])
        share[self._eyes.gap[self._choice] < 0.15] *= 2
        self._share = share / share.sum()

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        process = get_worker_info()
        rng = np.random.default_rng([*self._seed, process.id if process else 0])
        photographs = BATCH if self._rendered is None else BATCH // 2
        while True:
            chosen = rng.choice(self._choice, photographs, p=self._share)
            examples = [example(self._eyes, int(i), rng) for i in chosen]
            if self._rendered is not None:
                drawn = rng.integers(0, len(self._rendered), BATCH - photographs)
                examples += [rendered_example(self._rendered, int(i), rng) for i in drawn]
            yield collated(examples)


def as_tensor(pictures: list[np.ndarray]) -> torch.Tensor:
    """Crops as (N, 3, H, W) floats 0 to 1, channels last in memory."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return stacked.float().div_(255).contiguous(memory_format=torch.channels_last)


def rendered_eyes(sets: Sequence[str], packed: Sequence[Path]) -> RenderedEyes | None:
    """Of sets of renders and of files of `training.eyes.packed`; None where neither is asked for."""
    parts = [load_packed(file) for file in packed]
    if sets:
        parts.append(load_rendered_eyes(sets))
    return joined(parts) if parts else None


def learn(runs: Sequence[Run], next_batch: Callable[[], Batch], limit: TimeLimit | None) -> None:
    """All steps of `runs`, which see the same examples."""
    clock = Clock(runs)
    while runs[0].progress < 1:
        batch = next_batch()
        losses = []
        for run in runs:
            pictures, seen = views(batch, NETWORKS[run.name.partition("-")[0]][0])
            loss = eye_loss(run.module(pictures), seen)
            run.step(loss)
            losses.append(loss.detach())
        if limit:
            limit.keep()
        clock.report(losses)
        for run in runs:
            run.save(every_s=SAVE_EVERY_S)
    for run in runs:
        run.save()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, steps=12000)
    parser.add_argument("--network", nargs="+", choices=sorted(NETWORKS), default=["eyes"])
    parser.add_argument("--without", nargs="*", default=(), metavar="SOURCE", help="sources to leave out (a trial)")
    parser.add_argument("--renders", nargs="*", default=(), metavar="SET", help="sets of renders; half of the crops")
    parser.add_argument(
        "--packed", nargs="*", default=(), type=Path, metavar="FILE", help="of training.eyes.packed, beside --renders"
    )
    parser.add_argument("--begin-with", metavar="RUN", help="averaged weights to start from; {name} is the network")
    parser.add_argument("--faster", type=float, default=1.0, help="factor on the learning rate of the new layers")
    add_pool_arguments(parser, workers=0, draw=2048)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    runs = [begin("-without-".join([name, *args.without]), new_network(name), args) for name in args.network]
    limit = TimeLimit(runs, args.minutes) if args.minutes else None
    made = Batches(args.without, rendered_eyes(args.renders, args.packed), [args.seed, runs[0].done])
    with source_of(made, args, prefetch=2) as next_parts:
        learn(runs, lambda: Batch(*next_parts()).to(args.device), limit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
