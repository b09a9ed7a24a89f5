"""The building blocks that the small networks share."""

from __future__ import annotations

import torch
from torch import nn


def conv(inside: int, outside: int, size: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outside, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Depthwise then pointwise convolution; a shortcut where the shape stays."""

    def __init__(self, inside: int, outside: int, stride: int = 1, size: int = 3) -> None:
        super().__init__()
        self.depthwise = conv(inside, inside, size, stride, groups=inside)
        self.pointwise = conv(inside, outside)
        self.shortcut = stride == 1 and inside == outside

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.pointwise(self.depthwise(x))
        return out + x if self.shortcut else out
