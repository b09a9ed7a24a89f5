"""Keep the averaged weights of the runs, so that training can go on: `python -m training.archive_checkpoints`.

Writes training/checkpoints/NAME.pt in half precision for every run in the runs folder. A training that begins with a
network finds it there.
"""

from __future__ import annotations

import torch

from training.datasets import runs_folder
from training.run import ARCHIVE

NAMES = (
    "detector",
    "classifier",
    "eyes",
    "eyes_fine",
    *(f"landmarks_{model}" for model in range(3, -4, -1)),
)


def main() -> None:
    ARCHIVE.mkdir(exist_ok=True)
    for name in NAMES:
        file = runs_folder() / f"{name}.pt"
        if not file.exists():
            continue
        state = torch.load(file, weights_only=True, map_location="cpu")
        half = {key: value.half() if value.is_floating_point() else value for key, value in state["average"].items()}
        torch.save({"average": half, "steps": state["steps"]}, ARCHIVE / f"{name}.pt")
        print(f"{name}: {state['steps']} steps")


if __name__ == "__main__":
    main()
