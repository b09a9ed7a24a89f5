"""The eye network: soft-argmax maps for the pupil and the lid contour, pooled features for openness."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from training.blocks import Block, conv

N_LIDS = 16
MAP_WIDTH = 24
"""Channels from which the maps are made."""


class EyeNetwork(nn.Module):
    """(N, 3, H, W) floats 0 to 1 -> pupil (N, 2), lids (N, 16, 2), gap (N,), closed logit (N,), confidence logit (N,).

    Points are fractions of the crop, gap is lid gap over eye width. size: W, H, multiples of 4; maps are read
    at half of that: features of a quarter of the size, and those of the first layer, which still see edges.
    """

    places: torch.Tensor

    def __init__(self, size: tuple[int, int] = (48, 36), width: int = 48) -> None:
        super().__init__()
        self.size = size
        self.stem = conv(3, 16, 3, 2)
        self.level4 = nn.Sequential(
            Block(16, width, 2), Block(width, width, size=5), Block(width, width), Block(width, width, size=5)
        )
        self.from_level4, self.from_stem = nn.Conv2d(width, MAP_WIDTH, 1), nn.Conv2d(16, MAP_WIDTH, 1)
        self.level2 = Block(MAP_WIDTH, MAP_WIDTH, size=5)
        self.maps = nn.Conv2d(MAP_WIDTH, 1 + N_LIDS, 1)
        self.deep = nn.Sequential(Block(width, 64, 2), Block(64, 64), conv(64, 24))
        deep_cells = ((size[0] + 7) // 8) * ((size[1] + 7) // 8)
        last = nn.Linear(32, 3)
        self.openness = nn.Sequential(nn.Linear(24 * deep_cells, 32), nn.ReLU(inplace=True), last)
        columns, rows = size[0] // 2, size[1] // 2
        y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
        self.register_buffer("places", torch.stack([x.flatten(), y.flatten()], 1), persistent=False)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([0.25, -1.5, 0.0]))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        edges = self.stem(x)
        level4 = self.level4(edges)
        coarse = functional.interpolate(self.from_level4(level4), scale_factor=2.0, mode="nearest")
        maps = self.maps(self.level2(coarse + self.from_stem(edges))).flatten(2)
        points = torch.softmax(maps.float(), 2) @ self.places
        said = self.openness(self.deep(level4).flatten(1))
        return points[:, 0], points[:, 1:], said[:, 0], said[:, 1], said[:, 2]


class DecodedEyes(nn.Module):
    """What is exported: pupil, lids, aperture (at least 0), closed and confidence as probabilities.

    calibration: slope and offset of the logits of closed and confidence.
    """

    def __init__(self, eyes: EyeNetwork, calibration: tuple[float, float, float, float] = (1, 0, 1, 0)) -> None:
        super().__init__()
        self.eyes = eyes
        self.calibration = calibration

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        pupil, lids, gap, closed, confidence = self.eyes(x)
        slope, offset, slope_c, offset_c = self.calibration
        return (
            pupil,
            lids,
            torch.relu(gap),
            torch.sigmoid(closed * slope + offset),
            torch.sigmoid(confidence * slope_c + offset_c),
        )
