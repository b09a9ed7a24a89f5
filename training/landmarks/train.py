"""Train landmark networks: `python -m training.landmarks.train --models 3 0 -3 --minutes 120`.

Several tiers can learn from the same batches; the cheaper ones then also follow the dearest one
(distillation), whose answers cost nothing extra. The schedule runs on the time budget: sizes grow
(progressive resizing), the learning rate falls along a half cosine. `--resume` goes on from the last
checkpoint, also with a larger budget.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from training.landmarks.data import NOT_A_FACE, FaceSamples
from training.landmarks.network import TIERS, LandmarkNetwork
from training.packs import runs_folder
from training.run import Run, add_run_arguments

STAGES = ((0.0, 0.57), (0.25, 0.79), (0.55, 1.0))
"""From this fraction of the budget on, inputs have this fraction of their full size."""
GOING_ON = ((0.0, 0.79), (0.6, 1.0))
"""The same where the weights have been trained before."""
FULL_SIZE = ((0.0, 1.0),)
SIBLING = {2: 3, 1: 3, -1: 0, -2: -3}
"""Whose weights fit: the same network at another input size."""
DISTIL_AFTER = 0.15
"""Share of the budget after which the dearest network is worth following."""
DENSE_SHARE = 0.4
"""Weight of the extra points' error against that of the landmarks."""
STILL = 12
"""So many pictures of a batch are shown once more with fresh sensor noise: the answer must not move."""
STILL_NOISE = (2.0, 9.0)
"""Range of that noise's standard deviation, grey levels."""
STILL_WEIGHT = 5.0
SAVE_EVERY_S = 120


def to_input(images: Tensor, size: int) -> Tensor:
    """(B, S, S, 3) uint8 -> (B, 3, size, size) float 0 to 1, channels last in memory."""
    x = images.permute(0, 3, 1, 2).float().div_(255)
    if x.shape[2] != size:
        x = functional.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return x.contiguous(memory_format=torch.channels_last)


def loss_of(found: tuple[Tensor, Tensor, Tensor], truth: Tensor, weights: Tensor, taught: Tensor | None) -> Tensor:
    """Robust position error plus the uncertainty's negative log likelihood.

    found: the network's points, log scale and extra points. truth (B, 153, 2), weights (B, 153) and `taught`, the
    teacher's answer, are of both kinds of points.

    A point's distance d from the truth is taken as Gamma(2, b) distributed, the radius of a
    two-dimensional Laplace-like law: nll = d / b + 2 log b. Only the scale learns from it. Without a
    face a point is half a crop away from anything.
    """
    landmarks, log_scale, extra = found
    points = torch.cat([landmarks, extra], dim=1)
    faceless = truth[:, 0, 0] == NOT_A_FACE
    eye = (truth[:, 36] - truth[:, 45]).norm(dim=1).clamp(min=0.15)[:, None]
    distance = (points - truth).square().sum(dim=2).add(1e-8).sqrt()
    relative = distance / eye
    robust = torch.log1p(relative / 0.03) * 0.03 + 0.3 * relative  # small errors count most
    trusted = weights * ~faceless[:, None]
    if taught is not None:
        apart = (points - taught).square().sum(dim=2).add(1e-8).sqrt() / eye
        robust = 0.6 * robust + 0.4 * apart
    n = landmarks.shape[1]
    position = mean(robust[:, :n], trusted[:, :n]) + DENSE_SHARE * mean(robust[:, n:], trusted[:, n:])
    scale = log_scale.clamp(-7, 0)
    nll = torch.where(faceless[:, None], 0.5, distance[:, :n].detach()) * torch.exp(-scale) + 2 * scale
    return 10 * position + 0.02 * mean(nll, weights[:, :n])


def with_noisy_copies(pictures: Tensor) -> Tensor:
    """(B, 3, S, S) and behind them STILL of them with noise."""
    sigma = torch.empty(STILL, 1, 1, 1, device=pictures.device).uniform_(*STILL_NOISE) / 255
    noisy = (pictures[:STILL] + sigma * torch.randn_like(pictures[:STILL])).clamp(0, 1)
    return torch.cat([pictures, noisy]).contiguous(memory_format=torch.channels_last)


def restlessness(found: Tensor, truth: Tensor) -> Tensor:
    """How far the points of the noisy copies lie from those of their originals, over the outer-eye distance.

    found (B + STILL, 66, 2), truth (B, 153, 2).
    """
    faces = truth[:STILL, 0, 0] != NOT_A_FACE
    eye = (truth[:STILL, 36] - truth[:STILL, 45]).norm(dim=1).clamp(min=0.15)[:, None]
    apart = (found[-STILL:] - found[:STILL].detach()).square().sum(dim=2).add(1e-8).sqrt() / eye
    return mean(apart, faces[:, None].expand_as(apart).float())


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def stage_size(full: int, progress: float, stages: Sequence[tuple[float, float]]) -> int:
    """The input size for now: a multiple of 16, growing to `full`."""
    fraction = [size for start, size in stages if progress >= start][-1]
    return round(full * fraction / 16) * 16


def run_of(model: int, minutes: float, rate: float, device: torch.device) -> Run:
    return Run(f"landmarks_{model}", LandmarkNetwork(TIERS[model]), minutes, rate, device, weight_decay=1e-4)


def begin_with(name: str, run: Run) -> None:
    """Give `run` the averaged weights of run `name`. One from before the extra points may lack their maps."""
    weights = torch.load(runs_folder() / f"{name}.pt", weights_only=True, map_location="cpu")["average"]
    missing, unknown = run.module.load_state_dict(weights, strict=False)
    if unknown or any(not key.startswith("extra_maps.") for key in missing):
        raise SystemExit(f"the weights of {name} are those of another network: {missing + unknown}")
    run.average.load_state_dict(run.module.state_dict())


def train(
    models: list[int],
    runs: list[Run],
    *,
    batch: int,
    seed: int,
    extra: str | None,
    workers: int,
    stages: Sequence[tuple[float, float]],
) -> None:
    """Train `runs` of `models`, the teacher first, until their budget is spent."""
    size, started = 0, time.monotonic()
    teacher = runs[0]
    while (progress := teacher.progress) < 1:
        sizes = [stage_size(TIERS[m].input_px, progress, stages) for m in models]
        if max(sizes) != size:
            size = max(sizes)
            samples = FaceSamples(size, batch, seed * 1000 + teacher.steps, extra)
            batches = iter(DataLoader(samples, batch_size=None, num_workers=workers, prefetch_factor=4))
        images, truth, weights = (part.to(teacher.device, non_blocking=True) for part in next(batches))
        taught: Tensor | None = None
        losses = []
        for run, input_px in zip(runs, sizes, strict=True):
            run.module.train()
            answers = run.module(with_noisy_copies(to_input(images, input_px)))
            found = tuple(answer[: len(truth)] for answer in answers)
            loss = loss_of(found, truth, weights, taught) + STILL_WEIGHT * restlessness(answers[0], truth)
            run.step(loss)
            if taught is None and progress > DISTIL_AFTER:
                taught = torch.cat([found[0], found[2]], dim=1).detach()
            losses.append(loss.item())
        if teacher.steps % 50 == 0:
            shown = " ".join(f"{loss:.4f}" for loss in losses)
            print(
                f"{(time.monotonic() - started) / 60:6.1f} min  step {teacher.steps}  size {size}  loss {shown}",
                flush=True,
            )
        for run in runs:
            run.save(every_s=SAVE_EVERY_S)
    for run in runs:
        run.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, minutes=120)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=sorted(TIERS))
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches (default 1)")
    parser.add_argument("--extra", help="name of a set of re-posed pictures in the runs folder")
    parser.add_argument(
        "--fine-tune",
        action="store_true",
        help="begin with the sibling's weights (2, 1 from 3; -1 from 0; -2 from -3), at full size",
    )
    parser.add_argument(
        "--go-on", action="store_true", help="begin with this model's own averaged weights and a schedule of its own"
    )
    parser.add_argument("--full-size", action="store_true", help="no smaller inputs to begin with")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    runs = [run_of(model, arguments.minutes, arguments.learning_rate, arguments.device) for model in arguments.models]
    for model, run in zip(arguments.models, runs, strict=True):
        if arguments.resume and run.file.exists():
            run.resume()
        elif arguments.fine_tune:
            begin_with(f"landmarks_{SIBLING[model]}", run)
        elif arguments.go_on:
            begin_with(run.name, run)
            run.save()  # told to resume from now on, this schedule is what goes on
    train(
        arguments.models,
        runs,
        batch=arguments.batch,
        seed=arguments.seed,
        extra=arguments.extra,
        workers=arguments.workers,
        stages=FULL_SIZE if arguments.fine_tune or arguments.full_size else GOING_ON if arguments.go_on else STAGES,
    )


if __name__ == "__main__":
    main()
