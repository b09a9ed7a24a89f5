"""Examples of eyes as tensors, on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from training.eyes.data import Example, Weights

SAID = ("gap", "closed", "openness", "blink", "seen")


class Batch(NamedTuple):
    """N examples. picture: (N, H, W, 3) uint8, BGR. places: (N, 17, 2) of pupil and lids, fractions of the picture.

    gaze: (N, 4) degrees. said: (N, 5), of SAID. weights: (N, 9), of `Weights`.
    """

    picture: Tensor
    places: Tensor
    gaze: Tensor
    said: Tensor
    weights: Tensor

    @property
    def pupil(self) -> Tensor:
        """(N, 2)."""
        return self.places[:, 0]

    @property
    def lids(self) -> Tensor:
        """(N, 16, 2)."""
        return self.places[:, 1:]

    def truth(self, name: str) -> Tensor:
        """(N,) of what is said."""
        return self.said[:, SAID.index(name)]

    def weight(self, name: str) -> Tensor:
        """(N,) how much that part teaches."""
        return self.weights[:, Weights._fields.index(name)]

    def to(self, device: torch.device) -> Batch:
        """On another device."""
        return Batch(*(part.to(device) for part in self))


def collated(examples: Sequence[Example]) -> Batch:
    """All of `examples` on the CPU."""
    return Batch(
        torch.from_numpy(np.stack([one.picture for one in examples])),
        torch.from_numpy(np.stack([np.concatenate([one.pupil[None], one.lids]) for one in examples])).float(),
        torch.from_numpy(np.stack([one.gaze for one in examples])).float(),
        torch.tensor([[getattr(one, key) for key in SAID] for one in examples], dtype=torch.float32),
        torch.tensor([one.weights for one in examples], dtype=torch.float32),
    )
