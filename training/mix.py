"""Mean of a network's archived weights and those of its last run: `python -m training.mix classifier --share 0.5`.

What a network learns anew makes it forget something; the mean of the weights before and after is often better than
either. Statistics of batch normalisation are averaged as well. The run's checkpoint is replaced; publish it after.
"""

from __future__ import annotations

import argparse
import sys

import torch

from training.datasets import runs_folder
from training.run import ARCHIVE


def mixed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """The weights in between: `share` of `after`, the rest of `before`."""
    return {
        key: ((1 - share) * before[key].float() + share * value.float()).to(value.dtype) for key, value in after.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the run")
    parser.add_argument("--share", type=float, default=0.5, help="of the new weights (default %(default)s)")
    args = parser.parse_args()
    file = runs_folder() / f"{args.name}.pt"
    state = torch.load(file, weights_only=True, map_location="cpu")
    before = torch.load(ARCHIVE / file.name, weights_only=True, map_location="cpu")["average"]
    average = mixed(before, state["average"], args.share)
    draft = file.with_suffix(".new")
    torch.save({"average": average, "steps": state["steps"]}, draft)
    draft.replace(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
