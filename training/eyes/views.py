"""Crops of one network's size, cut from examples anew each time they are learnt from.

An example costs a CPU a millisecond and a GPU next to nothing: here it is shifted and scaled a little, as corners read
by a landmark network would do it, and seen in other light by another camera.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.batch_photometric import constant, degraded
from training.eyes.batch import Batch
from training.eyes.data import SPAN, WIDE

SHIFT, LARGEST_SHIFT = 0.018, 0.045
"""Standard deviation and bound of shifts, eye widths each way. What is seen stays within the example."""
SCALE, LARGEST_SCALE = 0.025, 0.06
SHARP = 0.3
"""Share of the crops seen as they are; sharp and well lit ones teach where pupils are."""
GREY = 0.35
BLUR_PX = 0.8 / 48
"""Typical width of blurs, of the crop's width."""


def views(batch: Batch, size: tuple[int, int]) -> tuple[Tensor, Batch]:
    """What a network of `size` (width, height) sees of each example: (N, 3, H, W) floats 0 to 1, channels last in
    memory, and the batch with its places as fractions of that."""
    pictures, moved = cut(batch, size, jitter=True)
    seen = degraded(pictures, blur_px=BLUR_PX * size[0], grey=GREY, untouched=SHARP)
    return seen.contiguous(memory_format=torch.channels_last), moved


def cut(batch: Batch, size: tuple[int, int], *, jitter: bool) -> tuple[Tensor, Batch]:
    """The middles of the examples, (N, 3, H, W) floats 0 to 1, and the batch with places in them. jitter: a little
    off."""
    device, count = batch.picture.device, len(batch.picture)
    # Fraction f of the crop is the fraction 0.5 + scale * (f - 0.5) + shift of the example.
    scale = torch.full((count, 1), 1 / WIDE, device=device)
    shift = torch.zeros(count, 2, device=device)
    if jitter:
        off = (SHIFT * torch.randn(count, 2, device=device)).clamp(-LARGEST_SHIFT, LARGEST_SHIFT)
        shift = off / (WIDE * constant(SPAN, device))
        scale = scale * (1 + (SCALE * torch.randn(count, 1, device=device)).clamp(-LARGEST_SCALE, LARGEST_SCALE))
    # Affine grids go from -1 to 1.
    linear = scale[:, :, None] * torch.eye(2, device=device)
    grid = functional.affine_grid(
        torch.cat([linear, 2 * shift[:, :, None]], 2), [count, 3, size[1], size[0]], align_corners=False
    )
    examples = batch.picture.permute(0, 3, 1, 2).float() / 255
    pictures = functional.grid_sample(examples, grid, mode="bilinear", padding_mode="border", align_corners=False)
    places = (batch.places - 0.5 - shift[:, None]) / scale[:, None] + 0.5
    return pictures, batch._replace(places=places)
