"""Trained landmark networks to models/: `python -m training.landmarks.export --models 3 0 -3`.

The exported network gives `xy` (N, 66, 2) in crop fractions and `confidence` (N, 66): the probability that a
point lies within 5 % of the outer-eye distance, from the learnt error scale, corrected by one factor per
network that is fitted on disturbed training images; `extra` (N, 87, 2), the further points; and `coefficients`
(N, 52), 0 to 1, in the order of `tracker.topology.BLENDSHAPE_NAMES`, stretched where they fall short of what is shown
(`training.landmarks.reach`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.export import export_network
from training.landmarks.data import NOT_A_FACE, FaceSamples
from training.landmarks.finished import Finished
from training.landmarks.network import TIERS, LandmarkNetwork
from training.landmarks.reach import fit_slopes
from training.landmarks.train import to_input
from training.manifest import MODELS_FOLDER
from training.run import load_average

BY_PEOPLE = 0.9
"""Points with more weight than this were set by people."""
THRESHOLD = 0.15
"""Mean confidence of a face: between what background and held-in faces reach."""


def fit_correction(network: LandmarkNetwork, input_px: int) -> float:
    """The factor under which the errors on the training images of people's points are likeliest (mean d / b = 2)."""
    ratios = []
    batches = iter(FaceSamples(input_px, 64, seed=9))
    for _ in range(16):
        batch = next(batches)
        with torch.no_grad():
            points, log_scale, _, _ = network(to_input(batch.images, input_px))
        faces, n = batch.points[:, 0, 0] != NOT_A_FACE, points.shape[1]
        ratio = (points - batch.points[:, :n]).norm(dim=2) * torch.exp(-log_scale.clamp(-7, 0))
        ratios.append(ratio[faces][batch.weights[faces, :n] > BY_PEOPLE])
    return float(np.clip(torch.cat(ratios).mean().item() / 2, 0.5, 2))


def export(model: int, folder: Path, renders: list[str]) -> None:
    tier = TIERS[model]
    network, trained = load_average(f"landmarks_{model}", LandmarkNetwork(tier))
    assert isinstance(network, LandmarkNetwork)
    correction = fit_correction(network, tier.input_px)
    slopes = fit_slopes(network, tier.input_px, renders)
    file = export_network(
        Finished(network, correction, torch.from_numpy(slopes)),
        f"landmarks_{model}",
        (1, tier.input_px, tier.input_px, 3),
        kind="landmarks",
        outputs=("xy", "confidence", "extra", "coefficients"),
        batch="faces",
        extra={
            "data": "fold 0 of manual-0, faces-0..3 and scut86-0, pictures re-posed from them, rendered heads",
            "command": "python -m training.landmarks.train && python -m training.landmarks.export "
            "(arguments: training/README.md)",
            "threshold": THRESHOLD,
            "trained": {**trained, "confidence_correction": round(correction, 4)},
        },
        folder=folder,
    )
    print(f"{file}: correction {correction:.3f}, {file.stat().st_size / 1024:.0f} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", required=True, choices=sorted(TIERS))
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="where to write (default: models/)")
    parser.add_argument(
        "--renders", nargs="+", default=["ict-c", "makehuman-b"], help="sets that say how far coefficients should reach"
    )
    torch.set_num_threads(1)
    arguments = parser.parse_args()
    for model in arguments.models:
        export(model, arguments.folder, arguments.renders)


if __name__ == "__main__":
    main()
