"""Train landmark networks: `python -m training.landmarks.train --models 3 --begin-with 3 --steps 9000`.

With `--pool` and several `--workers` a GPU learns from samples that are kept on it.

Several tiers can learn from the same batches; the cheaper ones then also follow the dearest one, or with `--teacher`
a network that is trained already, whose answers cost a pass forward. `--resume` goes on from the last checkpoint, also
with more steps or more sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.landmarks.data import NOT_A_FACE, RENDERED, Batch, FaceSamples
from training.landmarks.losses import (
    COEFFICIENT_SHARE,
    Answer,
    Teacher,
    coefficient_loss,
    point_loss,
    temporal_jitter,
    with_copies,
)
from training.landmarks.network import (
    TIERS,
    LandmarkNetwork,
    freeze_early_stages,
    freeze_statistics,
    in_eye_frame,
    resample_head,
)
from training.pool import add_pool_arguments, source_of
from training.run import (
    SAVE_EVERY_S,
    Clock,
    Run,
    TimeLimit,
    add_run_arguments,
    find_checkpoint,
    load_average,
    load_weights,
)

FOLLOW_AFTER = 0.15
"""Share of the steps after which the dearest network of those that learn together is worth following."""


TYPICAL_BATCHES = 6
HEAD_RATE = 1.0
"""Learning rate of the coefficients' head against that of the rest."""


def to_input(images: Tensor, size: int) -> Tensor:
    """(B, S, S, 3) uint8 -> (B, 3, size, size) float 0 to 1, channels last in memory."""
    x = images.permute(0, 3, 1, 2).float().div_(255)
    if x.shape[2] != size:
        x = functional.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return x.contiguous(memory_format=torch.channels_last)


def answers_of(found: Answer) -> Teacher:
    """What smaller networks follow."""
    return torch.cat([found[0], found[2]], dim=1).detach(), found[3].detach().clamp(0, 1)


def train(
    models: Sequence[int],
    runs: Sequence[Run],
    next_batch: Callable[[], Sequence[Tensor]],
    *,
    limit: TimeLimit | None = None,
    teacher: tuple[LandmarkNetwork, int] | None = None,
    frozen: bool = False,
    early_frozen: bool = False,
) -> None:
    """Train `runs` of `models`, the dearest first, until their steps are made.

    teacher: a trained network and its input size. frozen: batch normalisation keeps its statistics. early_frozen: the
    first stages keep their weights.
    """
    for run in runs:
        run.module.train()
        if frozen:
            freeze_statistics(run.module)
        if early_frozen:
            assert isinstance(run.module, LandmarkNetwork)
            freeze_early_stages(run.module)
    clock = Clock(runs)
    while runs[0].progress < 1:
        batch = Batch(*(part.to(runs[0].device, non_blocking=True) for part in next_batch()))
        teacher_out: Teacher | None = None
        if teacher is not None:
            with torch.no_grad():
                teacher_out = answers_of(teacher[0](to_input(batch.images, teacher[1])))
        losses = []
        for model, run in zip(models, runs, strict=True):
            pictures, mirrored = with_copies(to_input(batch.images, TIERS[model].input_px))
            answers = run.module(pictures)
            found = tuple(answer[: len(batch.points)] for answer in answers)
            points, coefficients = point_loss(found, batch, teacher_out), coefficient_loss(found, batch, teacher_out)
            loss = points + COEFFICIENT_SHARE * coefficients + temporal_jitter(answers, batch, mirrored)
            run.step(loss)
            if teacher_out is None and run.progress > FOLLOW_AFTER:
                teacher_out = answers_of(found)
            losses.append(loss.detach())
        if limit:
            limit.keep()
        clock.report(losses)
        for run in runs:
            run.save(every_s=SAVE_EVERY_S)
    for run in runs:
        run.save()


def begin(model: int, run: Run, source: int) -> None:
    """Give `model` the averaged weights of `source`: itself, or a sibling of another input size."""
    weights = find_checkpoint(f"landmarks_{source}")["average"]
    weights = resample_head(weights, TIERS[source], TIERS[model])
    missing = load_weights(run.module, {key: value.float() for key, value in weights.items()})
    if missing:
        print(f"{run.name}: {', '.join(missing)} begin anew", flush=True)
    run.average_anew()


def set_typical_points(network: LandmarkNetwork, batches: Sequence[Batch]) -> None:
    """The head of a new network reads points as their distance from a typical face's, in units of what is usual."""
    truth = torch.cat([batch.points[batch.points[:, 0, 0] != NOT_A_FACE] for batch in batches])
    points = in_eye_frame(truth)
    network.coefficients.typical.copy_(points.mean(dim=0))
    network.coefficients.spread.copy_(points.std(dim=0).clamp(min=0.02))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, steps=9000, learning_rate=1e-3)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=sorted(TIERS))
    parser.add_argument(
        "--begin-with", type=int, nargs="+", choices=sorted(TIERS), help="model whose weights each begins with"
    )
    parser.add_argument("--teacher", type=int, choices=sorted(TIERS), help="a trained model to follow")
    parser.add_argument("--frozen", action="store_true", help="keep the statistics of batch normalisation")
    parser.add_argument("--early-frozen", action="store_true", help="keep the first stages' weights")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1)
    add_pool_arguments(parser, workers=1, draw=384)
    parser.add_argument("--augmented", help="name of a set of turned photographs in the runs folder")
    parser.add_argument("--renders", nargs="*", default=[], help="names of rendered sets")
    parser.add_argument(
        "--rendered", type=float, default=RENDERED, help="their share of the samples with a face (default %(default)s)"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    runs = [
        Run(
            f"landmarks_{model}",
            LandmarkNetwork(TIERS[model]),
            arguments.steps,
            arguments.learning_rate,
            arguments.device,
            weight_decay=1e-4,
            decay=0.998,
            faster={"coefficients": HEAD_RATE},
        )
        for model in arguments.models
    ]
    learnt = () if arguments.teacher is None else (arguments.teacher,)
    samples = FaceSamples(
        max(TIERS[model].input_px for model in (*arguments.models, *learnt)),
        arguments.batch,
        arguments.seed,
        arguments.augmented,
        arguments.renders,
        arguments.rendered,
    )
    limit = TimeLimit(runs, arguments.minutes) if arguments.minutes else None
    with source_of(samples, arguments, prefetch=4) as next_batch:
        learn(arguments, runs, next_batch, limit)


def learn(
    arguments: argparse.Namespace,
    runs: Sequence[Run],
    next_batch: Callable[[], Sequence[Tensor]],
    limit: TimeLimit | None,
) -> None:
    """Begin or go on with the runs as the command line says, and train them."""
    for k, (model, run) in enumerate(zip(arguments.models, runs, strict=True)):
        if arguments.resume and run.file.exists():
            run.resume()
            continue
        if arguments.begin_with:
            begin(model, run, arguments.begin_with[k])
        assert isinstance(run.module, LandmarkNetwork)
        if not run.module.coefficients.typical.any():
            set_typical_points(run.module, [Batch(*next_batch()) for _ in range(TYPICAL_BATCHES)])
            run.average_anew()
    teacher = None
    if arguments.teacher is not None:
        tier = TIERS[arguments.teacher]
        network, _ = load_average(f"landmarks_{arguments.teacher}", LandmarkNetwork(tier))
        assert isinstance(network, LandmarkNetwork)
        teacher = network.to(device=arguments.device, memory_format=torch.channels_last), tier.input_px
    train(
        arguments.models,
        runs,
        next_batch,
        limit=limit,
        teacher=teacher,
        frozen=arguments.frozen,
        early_frozen=arguments.early_frozen,
    )


if __name__ == "__main__":
    main()
