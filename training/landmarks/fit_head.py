"""Fit the coefficients' head alone, on features computed once: `python -m training.landmarks.fit_head --model 3`.

Minutes instead of hours, because nothing below the head is computed again. A network whose head begins so learns the
rest of the way together with its head in `training.landmarks.train`; one that learns both from nothing at the rate the
points need took ten times the steps. After that, `--heads 3 --keep 0.4` fits several from the one that learnt along and
takes their mean with it, which reads unseen people better than any of them. Writes the checkpoint with the new head.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from torch import Tensor

from tracker import topology as t
from tracker.face.crop import crop_around, cut, transform
from training import datasets
from training.augment import degrade
from training.landmarks import face_sets
from training.landmarks.data import GENTLE_SHARE, NOT_A_FACE, Batch, jitter, load_renders
from training.landmarks.face_sets import FaceSet
from training.landmarks.losses import coefficient_loss, eye_distance, mean
from training.landmarks.network import (
    SEEN_POINTS,
    TIERS,
    LandmarkNetwork,
    expectation,
    in_eye_frame,
    sample,
)
from training.landmarks.train import to_input
from training.run import find_checkpoint, load_weights

SIZES = {"manual": 1800, "portraits": 1500, "photographs": 8000}
"""Pictures of each set at most, one crop each."""
SHARES = {"manual": 0.12, "portraits": 0.08, "photographs": 0.36}
"""Of every batch; renders share the rest."""
BATCH = 192
SPREAD_FLOOR = 1e-3
POINT_NOISE = 0.0015
"""Of the crop's side, added to points: they will not stay what they are now."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of N crops: what the head sees of them, (N, ...) float16 maps, the finest one's features at the points
    (N, C, K), the points (N, 153, 2) as found and as they are, with their weights (N, 153), and what it should say."""

    f16: Tensor
    d8: Tensor
    decoded: Tensor
    points: Tensor
    true_points: Tensor
    weights: Tensor
    coefficients: Tensor
    trust: Tensor

    def columns(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Every field of some crops, as float32."""
        return tuple(getattr(self, field.name)[rows].float() for field in fields(self))

    def __len__(self) -> int:
        return len(self.points)


def features(
    network: LandmarkNetwork, input_px: int, faces: FaceSet, most: int, rng: np.random.Generator, extra_anew: bool
) -> Features:
    """Of at most `most` faces that something is known of. extra_anew: the maps of the extra points are yet to be
    trained; the true ones say meanwhile where the finest map is read."""
    known = np.flatnonzero(faces.trust.max(axis=1) > 0)
    chosen = rng.choice(known, min(most, len(known)), replace=False)
    coarse, fine, finest, points, truth = [], [], [], [], []
    for rows in np.array_split(chosen, max(1, len(chosen) // 64)):
        crops = []
        for i in rows:
            box = jitter(crop_around(faces.points[i, : t.N_LANDMARKS]), rng, gentle=True)
            crop = cut(np.ascontiguousarray(faces.picture(i)), box, input_px)
            truth.append((transform(box.to_crop(input_px), faces.points[i]) + 0.5) / input_px)
            crops.append(degrade(np.ascontiguousarray(crop), rng, GENTLE_SHARE))
        with torch.no_grad():
            f16, d8, decoded = network.encode(to_input(torch.from_numpy(np.stack(crops)), input_px))
            found = [expectation(network.maps(decoded)), expectation(network.extra_maps(d8))]
            together = torch.cat(found, dim=1)
            if extra_anew:
                true = torch.from_numpy(np.stack(truth[-len(rows) :]).astype(np.float32))
                together[:, t.N_LANDMARKS :] = true[:, t.N_LANDMARKS :] + POINT_NOISE * torch.randn(
                    len(rows), t.N_DENSE, 2
                )
            finest.append(sample(decoded, together[:, SEEN_POINTS]).half())
        coarse.append(f16.half().contiguous())
        fine.append(d8.half().contiguous())
        points.append(together)
    labels = (torch.from_numpy(array[chosen]) for array in (faces.weights, faces.coefficients, faces.trust))
    seen = (torch.cat(parts) for parts in (coarse, fine, finest, points))
    return Features(*seen, torch.from_numpy(np.stack(truth).astype(np.float32)), *labels)


def batches(sets: dict[str, Features], rng: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
    """Endless; the columns of Features."""
    rendered = [name for name in sets if name not in SHARES]
    shares = SHARES | dict.fromkeys(rendered, (1 - sum(SHARES.values())) / max(1, len(rendered)))
    while True:
        drawn = []
        for name, part in sets.items():
            rows = torch.from_numpy(rng.integers(len(part), size=max(1, round(shares[name] * BATCH))))
            drawn.append(part.columns(rows))
        yield tuple(torch.cat(column) for column in zip(*drawn, strict=True))


def fit_extra(network: LandmarkNetwork, drawn: Iterator[tuple[Tensor, ...]], steps: int, rate: float) -> None:
    """Train the maps of the extra points, where they begin anew."""
    optimiser = torch.optim.AdamW(network.extra_maps.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    n = t.N_LANDMARKS
    for step in range(steps):
        _, d8, _, _, truth, weights, _, _ = next(drawn)
        apart = (expectation(network.extra_maps(d8)) - truth[:, n:]).square().sum(dim=2).add(1e-8).sqrt()
        loss = mean(apart / eye_distance(truth), weights[:, n:])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"extra points, step {step + 1} of {steps}  loss {loss.item():.4f}", flush=True)


def fit(
    network: LandmarkNetwork, sets: dict[str, Features], drawn: Iterator[tuple[Tensor, ...]], steps: int, rate: float
) -> None:
    """Train `network.coefficients`."""
    head = network.coefficients.train()
    if not head.typical.any():
        upright = in_eye_frame(torch.cat([part.points for part in sets.values()]))
        head.typical.copy_(upright.mean(dim=0))
        head.spread.copy_(upright.std(dim=0) + SPREAD_FLOOR)
    optimiser = torch.optim.AdamW(head.parameters(), rate, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    for step in range(steps):
        f16, d8, decoded, points, _, _, coefficients, trust = next(drawn)
        points = points + POINT_NOISE * torch.randn_like(points)
        answer = head.answer(f16, d8, head.near(decoded[..., None]).flatten(2), points)
        batch = Batch(points, torch.full_like(points, NOT_A_FACE), points, coefficients, trust)
        loss = coefficient_loss((points, points, points, answer), batch, None)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0 or step == steps - 1:
            print(f"step {step + 1} of {steps}  loss {loss.item():.4f}", flush=True)


def fit_mean(
    network: LandmarkNetwork,
    sets: dict[str, Features],
    drawn: Iterator[tuple[Tensor, ...]],
    steps: int,
    rate: float,
    *,
    heads: int,
    keep: float,
) -> None:
    """Fit so many heads, each from the present one, and leave their mean, with a share `keep` of the present one."""
    before, fitted = copy.deepcopy(network.coefficients.state_dict()), []
    for _ in range(heads):
        network.coefficients.load_state_dict(before)
        fit(network, sets, drawn, steps, rate)
        fitted.append(copy.deepcopy(network.coefficients.state_dict()))
    mean_of = {key: torch.stack([head[key] for head in fitted]).mean(dim=0) for key in before}
    network.coefficients.load_state_dict({key: torch.lerp(mean_of[key], before[key], keep) for key in before})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=int, required=True, choices=sorted(TIERS))
    parser.add_argument("--renders", nargs="*", default=[], help="names of rendered sets")
    parser.add_argument("--crops", type=int, default=5000, help="pictures of each rendered set (default %(default)s)")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--extra-steps", type=int, default=0, help="first train the extra points' maps (default 0)")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--heads", type=int, default=1, help="fit so many and take their mean (default 1)")
    parser.add_argument("--keep", type=float, default=0.0, help="share of the head as it was in that mean (default 0)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    name, tier = f"landmarks_{arguments.model}", TIERS[arguments.model]
    state = find_checkpoint(name)
    network = LandmarkNetwork(tier)
    load_weights(network, {key: value.float() for key, value in state["average"].items()})
    network.eval()
    photographs = {"manual": face_sets.manual, "portraits": face_sets.portraits, "photographs": face_sets.photographs}
    loaded = {key: make() for key, make in photographs.items()} | load_renders(arguments.renders)
    sets = {}
    for key, faces in loaded.items():
        sets[key] = features(
            network, tier.input_px, faces, SIZES.get(key, arguments.crops), rng, bool(arguments.extra_steps)
        )
        print(f"{key}: {len(sets[key])} crops", flush=True)
    drawn = batches(sets, rng)
    if arguments.extra_steps:
        fit_extra(network, drawn, arguments.extra_steps, arguments.learning_rate)
        with torch.no_grad():
            for part in sets.values():
                for rows in torch.arange(len(part)).split(256):
                    part.points[rows, t.N_LANDMARKS :] = expectation(network.extra_maps(part.d8[rows].float()))
    fit_mean(
        network,
        sets,
        drawn,
        arguments.steps,
        arguments.learning_rate,
        heads=arguments.heads,
        keep=arguments.keep,
    )
    torch.save({"average": network.state_dict(), "steps": state.get("steps", 0)}, datasets.runs_folder() / f"{name}.pt")


if __name__ == "__main__":
    main()
