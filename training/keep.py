"""Keep the averaged weights of every run, so that training can go on elsewhere: `python -m training.keep`.

Writes training/checkpoints/NAME.pt in half precision. Copied into the runs folder, they can be resumed.
"""

from __future__ import annotations

from pathlib import Path

import torch

from training.packs import runs_folder

KEPT = Path(__file__).with_name("checkpoints")
NAMES = (
    "detector",
    "classifier",
    "eyes",
    "eyes_fine",
    "landmarks_3",
    "landmarks_0",
    "landmarks_-1",
    "landmarks_-2",
    "landmarks_-3",
)


def main() -> None:
    KEPT.mkdir(exist_ok=True)
    for name in NAMES:
        state = torch.load(runs_folder() / f"{name}.pt", weights_only=True, map_location="cpu")
        half = {key: value.half() if value.is_floating_point() else value for key, value in state["average"].items()}
        torch.save({"average": half, "steps": state["steps"], "spent_s": state["spent_s"]}, KEPT / f"{name}.pt")


if __name__ == "__main__":
    main()
