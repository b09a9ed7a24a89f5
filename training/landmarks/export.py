"""Trained landmark networks to models/: `python -m training.landmarks.export --models 3 0 -3`.

The exported network gives `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66): the probability that a
point lies within 5 % of the outer-eye distance, from the learnt error scale, corrected by one factor per
network that is fitted on disturbed training images; and `extra` (N, 87, 2), the further points.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import Tensor, nn

from tracker.topology import N_DENSE
from training.export import count_multiply_adds, export_network
from training.landmarks.data import NOT_A_FACE, FaceSamples
from training.landmarks.network import TIERS, LandmarkNetwork
from training.landmarks.train import to_input
from training.run import load_average

CLOSE = 0.05
THRESHOLD = 0.15
"""Mean confidence of a face: between what background and held-in faces reach, see docs/MODELS.md."""


def within(radius: Tensor, scale: Tensor) -> Tensor:
    """P(d < radius) for d ~ Gamma(2, scale)."""
    ratio = radius / scale
    return 1 - torch.exp(-ratio) * (1 + ratio)


class Confident(nn.Module):
    """A landmark network with its confidence; `correction` multiplies the learnt scale."""

    def __init__(self, network: LandmarkNetwork, correction: float) -> None:
        super().__init__()
        self.network = network
        self.correction = correction

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        points, log_scale, extra = self.network(image)
        across = points[:, 36] - points[:, 45]
        # In profile the eyes meet: a floor keeps the radius that of a face, as in training.
        radius = CLOSE * torch.sqrt((across * across).sum(dim=1, keepdim=True)).clamp(min=0.15)
        scale = torch.exp(log_scale.clamp(-7, 0)) * self.correction
        return points, within(radius, scale), extra


def fit_correction(network: LandmarkNetwork, input_px: int) -> float:
    """The factor under which the training images' own errors are likeliest (closed form: mean d / b = 2)."""
    ratios = []
    batches = iter(FaceSamples(input_px, 64, seed=9))
    for _ in range(12):
        images, truth, weights = next(batches)
        with torch.no_grad():
            points, log_scale, _ = network(to_input(images, input_px))
        faces, n = truth[:, 0, 0] != NOT_A_FACE, points.shape[1]
        ratio = (points - truth[:, :n]).norm(dim=2) * torch.exp(-log_scale.clamp(-7, 0))
        ratios.append(ratio[faces][weights[faces, :n] > 0.5])
    return float(np.clip(torch.cat(ratios).mean().item() / 2, 0.5, 2))


def export(model: int) -> None:
    tier = TIERS[model]
    network, trained = load_average(f"landmarks_{model}", LandmarkNetwork(tier))
    assert isinstance(network, LandmarkNetwork)
    correction = fit_correction(network, tier.input_px)
    shape = (1, tier.input_px, tier.input_px, 3)
    side = tier.input_px // (4 if tier.fine_maps else 8)
    extra_multiply_adds = tier.decoder * N_DENSE * side * side
    file = export_network(
        Confident(network, correction),
        f"landmarks_{model}",
        shape,
        kind="landmarks",
        outputs=("xy", "confidence", "extra"),
        extra={
            "data": "fold 0 of faces-0..3 and pictures re-posed from them",
            "command": "python -m training.landmarks.train && python -m training.landmarks.export "
            "(arguments: training/README.md)",
            "optional": ["extra"],
            "multiply_adds": count_multiply_adds(network, shape) - extra_multiply_adds,
            "multiply_adds_optional": extra_multiply_adds,
            "threshold": THRESHOLD,
            "trained": {**trained, "confidence_correction": round(correction, 4)},
        },
    )
    print(f"{file.name}: correction {correction:.3f}, {file.stat().st_size / 1024:.0f} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", required=True, choices=sorted(TIERS))
    torch.set_num_threads(1)
    for model in parser.parse_args().models:
        export(model)


if __name__ == "__main__":
    main()
