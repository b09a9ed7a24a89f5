"""What cameras do to a picture, as `training.photometric` has it, done to whole batches on the device that learns.

Each picture draws its own exposure, colour, uneven light, blur and noise, anew each time it is learnt from.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor
from torch.nn import functional

UNEVEN, RELIT, SOFT, MOVED, NOISY = 0.2, 0.85, 0.15, 0.1, 0.4
"""Share of the pictures with a field of shade, another exposure, soft or motion blur, and noise."""
DARK, GLARING = 0.12, 0.05
"""Share with hardly any light, or too much of it."""
BLUR_CELLS = 7
"""Side of blurring kernels; the longest motion and the widest softness end there."""
LUMINANCE = (0.114, 0.587, 0.299)
"""Of blue, green and red."""


def degraded(pictures: Tensor, *, blur_px: float = 1.2, grey: float = 0.2, untouched: float = 0.0) -> Tensor:
    """A random mix of all of these over (N, 3, H, W) floats from 0 to 1, BGR; the result is in steps of 1/255.

    blur_px: typical width of blurs; grey: share of grey pictures; untouched: of those that stay as they are.
    """
    seen = _grey(pictures, grey)
    seen = _uneven(seen)
    seen = _relit(seen)
    seen = _blurred(seen, blur_px)
    seen = _noisy(seen)
    seen = (seen.clamp(0, 1) * 255).round() / 255
    return torch.where(_some(pictures, untouched), pictures, seen)


@functools.cache
def constant(values: tuple[float, ...], device: torch.device) -> Tensor:
    """(N,) brought to the device once: bringing it there makes Python wait for all that is being computed."""
    return torch.tensor(values, device=device)


def _some(pictures: Tensor, share: float) -> Tensor:
    """(N, 1, 1, 1) which pictures, at random."""
    return torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share


def _normal(pictures: Tensor, *shape: int) -> Tensor:
    return torch.randn(len(pictures), *shape, device=pictures.device)


def _uniform(pictures: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(pictures), 1, 1, 1, device=pictures.device)


def _grey(pictures: Tensor, share: float) -> Tensor:
    weights = constant(LUMINANCE, pictures.device).reshape(1, 3, 1, 1)
    return torch.where(_some(pictures, share), (pictures * weights).sum(1, keepdim=True), pictures)


def _uneven(pictures: Tensor) -> Tensor:
    field = (0.45 * _normal(pictures, 1, 3, 3)).exp()
    field = field / field.amax((2, 3), keepdim=True)
    shade = functional.interpolate(field, pictures.shape[2:], mode="bicubic", align_corners=False)
    return torch.where(_some(pictures, UNEVEN), (pictures * shade).clamp(0, 1), pictures)


def _relit(pictures: Tensor) -> Tensor:
    gamma = (0.3 * _normal(pictures, 1, 1, 1)).exp()
    gain = (0.2 * _normal(pictures, 1, 1, 1)).exp() * (0.09 * _normal(pictures, 3, 1, 1)).exp()
    offset = 0.06 * _normal(pictures, 1, 1, 1)
    extreme = _uniform(pictures, 0, 1)
    dark, glaring = extreme < DARK, extreme > 1 - GLARING
    gain = gain * torch.where(dark, _uniform(pictures, 0.08, 0.5), torch.where(glaring, _uniform(pictures, 1.3, 2), 1))
    offset = torch.where(dark, offset.abs(), offset)
    lit = (pictures.clamp(1e-4, 1) ** gamma * gain + offset).clamp(0, 1)
    return torch.where(_some(pictures, RELIT), lit, pictures)


def _blurred(pictures: Tensor, blur_px: float) -> Tensor:
    """A share of the pictures behind kernels of their own."""
    count = len(pictures)
    soft, moved = round(SOFT * count), round(MOVED * count)
    if not soft + moved:
        return pictures
    chosen = torch.randperm(count, device=pictures.device)[: soft + moved]
    device = pictures.device
    reach = torch.arange(BLUR_CELLS, device=device) - BLUR_CELLS // 2
    down, across = torch.meshgrid(reach, reach, indexing="ij")
    sigma = blur_px * torch.rand(soft, 1, 1, device=device).mul(0.7).add(0.3)
    bells = (-(down**2 + across**2) / (2 * sigma**2)).exp()
    angle = torch.pi * torch.rand(moved, 1, 1, device=device)
    half = blur_px * torch.rand(moved, 1, 1, device=device).mul(2.5).add(1.5) / 2
    along, beside = across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()
    lines = (1 - beside.abs()).clamp(0, 1) * (half + 0.5 - along.abs()).clamp(0, 1)
    kernels = torch.cat([bells, lines])
    kernels = (kernels / kernels.sum((1, 2), keepdim=True)).repeat_interleave(3, 0)[:, None]
    height, width = pictures.shape[2:]
    rows = pictures[chosen].reshape(1, -1, height, width)
    edge = BLUR_CELLS // 2
    padded = functional.pad(rows, (edge, edge, edge, edge), mode="replicate")
    blurred = functional.conv2d(padded, kernels, groups=len(kernels)).reshape(-1, 3, height, width)
    return pictures.index_copy(0, chosen, blurred)


def _noisy(pictures: Tensor) -> Tensor:
    """Sensor noise, in some pictures the same in all three channels."""
    grains = _normal(pictures, *pictures.shape[1:])
    grains = torch.where(_some(pictures, 0.3), grains[:, :1], grains)
    sigma = ((7 * _normal(pictures, 1, 1, 1)).abs() + 1) / 255
    return torch.where(_some(pictures, NOISY), pictures + sigma * grains, pictures)
