"""Fit the coefficients' head alone, on features computed once: `python -m training.landmarks.fit_head --model 3`.

Minutes instead of hours, because nothing below the head is computed again. A network whose head begins so learns the
rest of the way together with its head in `training.landmarks.train`; one that learns both from nothing at the rate the
points need took ten times the steps. Writes the run's checkpoint with the new head.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from tracker import topology as t
from tracker.face.crop import crop_around, cut
from training import datasets
from training.augment import degrade
from training.landmarks import face_sets
from training.landmarks.data import GENTLE_SHARE, NOT_A_FACE, Batch, jitter, load_renders
from training.landmarks.face_sets import FaceSet
from training.landmarks.losses import coefficient_loss
from training.landmarks.network import TIERS, LandmarkNetwork, expectation, in_eye_frame
from training.landmarks.train import to_input
from training.run import find_checkpoint, load_weights

SIZES = {"manual": 1800, "portraits": 1500, "photographs": 8000}
RENDERED = 6000
"""Pictures of each set at most, one crop each."""
SHARES = {"manual": 0.12, "portraits": 0.08, "photographs": 0.36}
"""Of every batch; renders share the rest."""
BATCH = 192
SPREAD_FLOOR = 1e-3
POINT_NOISE = 0.0015
"""Of the crop's side, added to points: they will not stay what they are now."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Of N crops: what the head sees of them, (N, ...) float16 maps and (N, 153, 2) points, and what it should say."""

    f16: Tensor
    d8: Tensor
    points: Tensor
    coefficients: Tensor
    trust: Tensor

    def __len__(self) -> int:
        return len(self.points)


def features(network: LandmarkNetwork, input_px: int, faces: FaceSet, most: int, rng: np.random.Generator) -> Features:
    """Of at most `most` faces that something is known of."""
    known = np.flatnonzero(faces.trust.max(axis=1) > 0)
    chosen = rng.choice(known, min(most, len(known)), replace=False)
    coarse, fine, points = [], [], []
    for rows in np.array_split(chosen, max(1, len(chosen) // 64)):
        crops = []
        for i in rows:
            box = jitter(crop_around(faces.points[i, : t.N_LANDMARKS]), rng, gentle=True)
            crop = cut(np.ascontiguousarray(faces.picture(i)), box, input_px)
            crops.append(degrade(np.ascontiguousarray(crop), rng, GENTLE_SHARE))
        with torch.no_grad():
            f16, d8, decoded = network.encode(to_input(torch.from_numpy(np.stack(crops)), input_px))
            found = [expectation(network.maps(decoded)), expectation(network.extra_maps(decoded))]
        coarse.append(f16.half().contiguous())
        fine.append(d8.half().contiguous())
        points.append(torch.cat(found, dim=1))
    labels = (torch.from_numpy(array[chosen]) for array in (faces.coefficients, faces.trust))
    return Features(torch.cat(coarse), torch.cat(fine), torch.cat(points), *labels)


def fit(network: LandmarkNetwork, sets: dict[str, Features], steps: int, rate: float, rng: np.random.Generator) -> None:
    """Train `network.coefficients` on the sets."""
    head = network.coefficients.train()
    upright = in_eye_frame(torch.cat([part.points for part in sets.values()]))
    head.typical.copy_(upright.mean(dim=0))
    head.spread.copy_(upright.std(dim=0) + SPREAD_FLOOR)
    rendered = [name for name in sets if name not in SHARES]
    shares = SHARES | dict.fromkeys(rendered, (1 - sum(SHARES.values())) / max(1, len(rendered)))
    optimiser = torch.optim.AdamW(head.parameters(), rate, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
    for step in range(steps):
        drawn = []
        for name, part in sets.items():
            rows = torch.from_numpy(rng.integers(len(part), size=max(1, round(shares[name] * BATCH))))
            drawn.append((part.f16[rows], part.d8[rows], part.points[rows], part.coefficients[rows], part.trust[rows]))
        f16, d8, points, coefficients, trust = (torch.cat(column) for column in zip(*drawn, strict=True))
        points = points + POINT_NOISE * torch.randn_like(points)
        answer = head(f16.float(), d8.float(), points)
        batch = Batch(points, torch.full_like(points, NOT_A_FACE), points, coefficients, trust)
        loss = coefficient_loss((points, points, points, answer), batch, None)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0 or step == steps - 1:
            print(f"step {step + 1} of {steps}  loss {loss.item():.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=int, required=True, choices=sorted(TIERS))
    parser.add_argument("--renders", nargs="*", default=[], help="names of rendered sets")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
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
        sets[key] = features(network, tier.input_px, faces, SIZES.get(key, RENDERED), rng)
        print(f"{key}: {len(sets[key])} crops", flush=True)
    fit(network, sets, arguments.steps, arguments.learning_rate, rng)
    torch.save({"average": network.state_dict(), "steps": state.get("steps", 0)}, datasets.runs_folder() / f"{name}.pt")


if __name__ == "__main__":
    main()
