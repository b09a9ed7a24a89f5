"""The detector: a small MobileNet-style encoder, one map at stride 8, read as centres of faces.

Per cell: the probability that a face is centred there, the box, and the roll of the head as a unit vector.
One map serves all sizes: coarser levels are added into it, so that a cell sees what surrounds it.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from training.blocks import Block, conv

STRIDE = 8
REFERENCE_SIZE = 32.0
"""Box sizes are learnt as the logarithm of their ratio to this many pixels."""


class Detector(nn.Module):
    """(N, 3, H, W) floats 0 to 1, H and W multiples of 32 -> (N, 7, H/8, W/8): logit, box (4), roll (2)."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = conv(3, 16, 3, 2)
        self.level4 = nn.Sequential(Block(16, 32, 2), Block(32, 32))
        self.level8 = nn.Sequential(Block(32, 64, 2), Block(64, 64), Block(64, 64))
        self.level16 = nn.Sequential(Block(64, 96, 2), Block(96, 96), Block(96, 96))
        self.level32 = nn.Sequential(Block(96, 128, 2), Block(128, 128, size=5), Block(128, 128, size=5))
        self.from32 = conv(128, width)
        self.from16 = conv(96, width)
        self.from8 = conv(64, width)
        self.mix16 = Block(width, width)
        self.head = nn.Sequential(Block(width, width, size=5), Block(width, width))
        self.out = nn.Conv2d(width, 7, 1)
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            self.out.bias = nn.Parameter(torch.tensor([-4.0, 0, 0, 0, 0, 1, 0]))

    def freeze_first_levels(self) -> None:
        """Let stem and level4 learn no more: their large maps take half of a training step's time."""
        for part in (self.stem, self.level4):
            part.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x8 = self.level8(self.level4(self.stem(x)))
        x16 = self.level16(x8)
        x32 = self.level32(x16)
        coarse = self.from16(x16) + functional.interpolate(self.from32(x32), scale_factor=2.0, mode="nearest")
        fine = self.from8(x8) + functional.interpolate(self.mix16(coarse), scale_factor=2.0, mode="nearest")
        out: torch.Tensor = self.out(self.head(fine))
        return out


def decode_boxes(out: torch.Tensor) -> torch.Tensor:
    """The network's output (N, 7, h, w) -> boxes x, y, width, height (N, 4, h, w) in input pixels."""
    size = torch.exp(out[:, 3:5].clamp(-3, 4)) * REFERENCE_SIZE
    # Cell numbers by counting ones, which stays valid for any height and width in an exported graph.
    ones = torch.ones_like(out[:, :1])
    column, row = torch.cumsum(ones, 3) - 0.5, torch.cumsum(ones, 2) - 0.5
    centre = (torch.cat([column, row], 1) + out[:, 1:3]) * STRIDE
    return torch.cat([centre - size / 2, size], 1)


class DecodedDetector(nn.Module):
    """What is exported: `scores` (N, h, w), zero but at local peaks; `boxes` (N, 4, h, w); `roll` (N, 2, h, w).

    scale, shift: calibrate the logit, so that the default threshold is the right one.
    """

    def __init__(self, detector: Detector, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.detector = detector
        self.scale = scale
        self.shift = shift

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        out = self.detector(x)
        logit = out[:, :1] * self.scale + self.shift
        peak = functional.max_pool2d(logit, 3, 1, 1) <= logit
        scores = (torch.sigmoid(logit) * peak.float())[:, 0]
        roll = out[:, 5:7]
        length = torch.sqrt((roll * roll).sum(1, keepdim=True) + 1e-6)
        return scores, decode_boxes(out), roll / length
