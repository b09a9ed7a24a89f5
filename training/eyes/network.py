"""The eye network: soft-argmax maps for the pupil and the lid contour, pooled features for openness and gaze."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional

from training.blocks import Block, conv

N_LIDS = 16
LOOK_WIDTH = 96
PLACES_GAIN = 4.0
"""Brings places in the crop to the size of the features beside them."""
GAZE_UNIT_DEG = 30.0
"""What the network's answer 1 means for a gaze."""
Answers = tuple[torch.Tensor, ...]


class EyeNetwork(nn.Module):
    """(N, 3, H, W) floats 0 to 1 -> pupil (N, 2), lids (N, 16, 2), gap (N,), closed logit (N,), confidence logit (N,),
    gaze (N, 4), openness (N,), blink logit (N,), seen logit (N,).

    Points are fractions of the crop, gap is lid gap over eye width. gaze: degrees over GAZE_UNIT_DEG, yaw to the inner
    corner and pitch up, first in the head, then as seen in the crop. openness: lid gap over that of the same eye at
    rest. blink: how far the lids close, which neither a smile nor a lowered gaze does. seen: not behind dark glasses.
    size: W, H, multiples of 4. The lids' maps are read at a quarter of that; the pupil's at half, where the first
    layer's features still show edges.
    """

    places2: torch.Tensor
    places4: torch.Tensor

    def __init__(self, size: tuple[int, int] = (48, 36), width: int = 48) -> None:
        super().__init__()
        self.size = size
        self.stem = conv(3, 16, 3, 2)
        self.level4 = nn.Sequential(
            Block(16, width, 2), Block(width, width, size=5), Block(width, width), Block(width, width, size=5)
        )
        self.lids = nn.Conv2d(width, N_LIDS, 1)
        self.from_level4, self.from_stem = nn.Conv2d(width, 16, 1), nn.Conv2d(16, 16, 1)
        self.pupil = nn.Sequential(conv(16, 16, 5, groups=16), nn.Conv2d(16, 1, 1))
        self.deep = nn.Sequential(Block(width, 64, 2), Block(64, 64), conv(64, 24))
        deep_cells = ((size[0] + 7) // 8) * ((size[1] + 7) // 8)
        last = nn.Linear(32, 3)
        self.openness = nn.Sequential(nn.Linear(24 * deep_cells, 32), nn.ReLU(inplace=True), last)
        answers = nn.Linear(LOOK_WIDTH, 7)
        placed = 2 * (1 + N_LIDS)
        self.look = nn.Sequential(nn.Linear(24 * deep_cells + placed, LOOK_WIDTH), nn.ReLU(inplace=True), answers)
        self.register_buffer("places4", cell_centres(size[0] // 4, size[1] // 4), persistent=False)
        self.register_buffer("places2", cell_centres(size[0] // 2, size[1] // 2), persistent=False)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([0.25, -1.5, 0.0]))
            answers.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 0.0, 0.8, -1.0, 2.0]))

    def forward(self, x: torch.Tensor) -> Answers:
        edges = self.stem(x)
        level4 = self.level4(edges)
        coarse = functional.interpolate(self.from_level4(level4), scale_factor=2.0, mode="nearest")
        pupil = expectation(self.pupil(coarse + self.from_stem(edges)), self.places2)
        lids = expectation(self.lids(level4), self.places4)
        deep = self.deep(level4).flatten(1)
        said = self.openness(deep)
        # Whole cells of a map cannot say what a shift of a tenth of a pixel says of the gaze; the places can.
        places = torch.cat([pupil, lids], 1).reshape(-1, 2 * (1 + N_LIDS)) - 0.5
        look = self.look(torch.cat([deep, PLACES_GAIN * places], 1))
        return pupil[:, 0], lids, said[:, 0], said[:, 1], said[:, 2], look[:, :4], look[:, 4], look[:, 5], look[:, 6]


def cell_centres(columns: int, rows: int) -> torch.Tensor:
    """(rows * columns, 2) x, y of the middles of a map's cells, fractions of the crop."""
    y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)


def expectation(maps: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(N, K, 2) the expected places of the softmax of (N, K, rows, columns) maps."""
    flat = maps.float().reshape(-1, maps.shape[1], len(places))  # flatten() would ask for the shape at run time
    return torch.softmax(flat, 2) @ places


class DecodedEyes(nn.Module):
    """What is exported: pupil, lids, aperture (at least 0), closed and confidence as probabilities, gaze in degrees,
    openness, blink and seen from 0 to 1.

    calibration: slope and offset of the logits of closed and confidence.
    """

    def __init__(self, eyes: EyeNetwork, calibration: tuple[float, float, float, float] = (1, 0, 1, 0)) -> None:
        super().__init__()
        self.eyes = copy.deepcopy(eyes)
        slope, offset, slope_c, offset_c = calibration
        last = self.eyes.openness[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():  # folded into the last layer
            slopes = torch.tensor([1.0, slope, slope_c])
            last.weight *= slopes[:, None]
            last.bias.copy_(last.bias * slopes + torch.tensor([0.0, offset, offset_c]))

    def forward(self, x: torch.Tensor) -> Answers:
        pupil, lids, gap, closed, confidence, gaze, openness, blink, seen = self.eyes(x)
        return (
            pupil,
            lids,
            torch.relu(gap),
            torch.sigmoid(closed),
            torch.sigmoid(confidence),
            gaze * GAZE_UNIT_DEG,
            torch.relu(openness),
            torch.sigmoid(blink),
            torch.sigmoid(seen),
        )
