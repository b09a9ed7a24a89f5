"""Trained landmark networks to models/: `python -m training.landmarks.export --models 3 0 -3`.

The exported network gives `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66): the probability that a
point lies within 5 % of the outer-eye distance, from the learnt error scale, corrected by one factor per
network that is fitted on disturbed training images.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import Tensor, nn

from training.export import export_network
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

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        points, log_scale = self.network(image)
        across = points[:, 36] - points[:, 45]
        # In profile the eyes meet: a floor keeps the radius that of a face, as in training.
        radius = CLOSE * torch.sqrt((across * across).sum(dim=1, keepdim=True)).clamp(min=0.15)
        scale = torch.exp(log_scale.clamp(-7, 0)) * self.correction
        return points, within(radius, scale)


def fit_correction(network: LandmarkNetwork, input_px: int) -> float:
    """The factor under which the training images' own errors are likeliest (closed form: mean d / b = 2)."""
    ratios = []
    batches = iter(FaceSamples(input_px, 64, seed=9))
    for _ in range(12):
        images, truth, weights = next(batches)
        with torch.no_grad():
            points, log_scale = network(to_input(images, input_px))
        faces = truth[:, 0, 0] != NOT_A_FACE
        ratio = (points - truth).norm(dim=2) * torch.exp(-log_scale.clamp(-7, 0))
        ratios.append(ratio[faces][weights[faces] > 0.5])
    return float(np.clip(torch.cat(ratios).mean().item() / 2, 0.5, 2))


def export(model: int) -> None:
    tier = TIERS[model]
    network, trained = load_average(f"landmarks_{model}", LandmarkNetwork(tier))
    assert isinstance(network, LandmarkNetwork)
    correction = fit_correction(network, tier.input_px)
    file = export_network(
        Confident(network, correction),
        f"landmarks_{model}",
        (1, tier.input_px, tier.input_px, 3),
        kind="landmarks",
        outputs=("xy", "confidence"),
        extra={
            "data": "fold 0 of faces-0..3 and pictures re-posed from them",
            "command": "python -m training.landmarks.train && python -m training.landmarks.export "
            "(arguments: training/README.md)",
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
