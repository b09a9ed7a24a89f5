"""The mean of several runs of one landmark network: `python -m training.landmarks.mean --model 3 one.pt two.pt`.

Runs that begin with the same weights and see other samples end near each other; the mean of their weights is then often
better than any of them (Wortsman et al., Model soups, ICML 2022). Writes the checkpoint of `--model`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training import datasets
from training.landmarks.network import TIERS


def mean_of(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each entry. Raises ValueError for states of different networks."""
    first, *others = states
    if any(state.keys() != first.keys() or any(state[k].shape != first[k].shape for k in first) for state in others):
        raise ValueError("the checkpoints are of different networks")
    return {key: torch.stack([state[key].float() for state in states]).mean(dim=0) for key in first}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=int, required=True, choices=sorted(TIERS))
    parser.add_argument("checkpoints", type=Path, nargs="+")
    arguments = parser.parse_args()
    loaded = [torch.load(path, map_location="cpu", weights_only=True) for path in arguments.checkpoints]
    average = mean_of([state["average"] for state in loaded])
    steps = max(state.get("steps", 0) for state in loaded)
    torch.save({"average": average, "steps": steps}, datasets.runs_folder() / f"landmarks_{arguments.model}.pt")


if __name__ == "__main__":
    main()
