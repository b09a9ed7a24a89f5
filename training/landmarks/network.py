"""The landmark networks: a small inverted-residual encoder, a light decoder, soft-argmax maps.

Blocks after MobileNetV2 (Sandler et al. 2018, "Inverted Residuals and Linear Bottlenecks"); the
coordinate is the expectation of a softmax over a spatial map (Sun et al. 2018, "Integral Human Pose
Regression"). Maps learned about ten times faster than regression from flattened features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tracker.topology import N_DENSE, N_LANDMARKS


@dataclass(frozen=True, slots=True)
class Tier:
    """One `--model`: `input_px` is the crop's side, the rest the network's widths."""

    input_px: int
    stem: int
    widths: tuple[int, int, int]  # channels at 1/4, 1/8 and 1/16 of the input
    depths: tuple[int, int, int]
    expansion: int
    decoder: int
    fine_maps: bool  # maps at 1/4 of the input, else 1/8


_LARGE = dict(stem=16, widths=(24, 48, 96), depths=(3, 4, 4), expansion=3, decoder=64, fine_maps=True)
_MEDIUM = dict(stem=12, widths=(16, 32, 64), depths=(2, 3, 3), expansion=3, decoder=40, fine_maps=True)
_SMALL = dict(stem=8, widths=(16, 24, 48), depths=(1, 3, 3), expansion=3, decoder=48, fine_maps=False)

TIERS: dict[int, Tier] = {
    3: Tier(112, **_LARGE),
    2: Tier(96, **_LARGE),
    1: Tier(80, **_LARGE),
    0: Tier(96, **_MEDIUM),
    -1: Tier(80, **_MEDIUM),
    -2: Tier(96, **_SMALL),
    -3: Tier(80, **_SMALL),
}
"""Models of one family share their weights' shapes, so a cheaper one starts from its dearer sibling."""


def conv_bn(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.body = nn.Sequential(
            conv_bn(inputs, hidden, 1),
            conv_bn(hidden, hidden, 3, stride, groups=hidden),
            conv_bn(hidden, outputs, 1, relu=False),
        )
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.skip else self.body(x)


class Merge(nn.Module):
    """Bring coarse features to the finer grid, add the encoder's, and mix over a 5 x 5 neighbourhood."""

    def __init__(self, coarse: int, fine: int, outputs: int) -> None:
        super().__init__()
        self.down = conv_bn(coarse, outputs, 1, relu=False)
        self.lateral = conv_bn(fine, outputs, 1, relu=False)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.mix = nn.Sequential(
            nn.ReLU(), conv_bn(outputs, outputs, 5, groups=outputs, relu=False), conv_bn(outputs, outputs, 1)
        )

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        return self.mix(self.up(self.down(coarse)) + self.lateral(fine))


class LandmarkNetwork(nn.Module):
    """(N, 3, S, S) float BGR 0 to 1 -> points (N, 66, 2) in crop fractions, log scale (N, 66), extra points (N, 87, 2).

    The log scale is that of the error as a fraction of the crop's side. The extra points cost one more 1x1
    convolution over the same features, which is left out where they are not asked for.
    """

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        w4, w8, w16 = tier.widths
        self.fine_maps = tier.fine_maps
        self.stem = conv_bn(3, tier.stem, 3, 2)
        self.stage4 = self._stage(tier.stem, w4, tier.depths[0], tier.expansion)
        self.stage8 = self._stage(w4, w8, tier.depths[1], tier.expansion)
        self.stage16 = self._stage(w8, w16, tier.depths[2], tier.expansion)
        self.merge8 = Merge(w16, w8, tier.decoder)
        if tier.fine_maps:
            self.merge4 = Merge(tier.decoder, w4, tier.decoder)
        self.maps = nn.Conv2d(tier.decoder, N_LANDMARKS, 1)
        self.extra_maps = nn.Conv2d(tier.decoder, N_DENSE, 1)
        self.scale = nn.Linear(w16 + tier.decoder, N_LANDMARKS)
        nn.init.constant_(self.scale.bias, -4.0)

    @staticmethod
    def _stage(inputs: int, outputs: int, depth: int, expansion: int) -> nn.Sequential:
        first = InvertedResidual(inputs, outputs, 2, expansion)
        return nn.Sequential(first, *(InvertedResidual(outputs, outputs, 1, expansion) for _ in range(depth - 1)))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        f4 = self.stage4(self.stem(image))
        f8 = self.stage8(f4)
        f16 = self.stage16(f8)
        decoded = d8 = self.merge8(f16, f8)
        if self.fine_maps:
            decoded = self.merge4(d8, f4)
        pooled = torch.cat([f16.mean(dim=(2, 3)), d8.mean(dim=(2, 3))], dim=1)
        return expectation(self.maps(decoded)), self.scale(pooled).float(), expectation(self.extra_maps(decoded))


def expectation(maps: Tensor) -> Tensor:
    """(N, K, h, w) logits -> (N, K, 2) where each softmax lies on average, in crop fractions."""
    height, width = maps.shape[2:]
    return maps.float().flatten(2).softmax(dim=2) @ cell_centres(height, width, maps.device)


def cell_centres(height: int, width: int, device: torch.device) -> Tensor:
    """(height * width, 2) x, y of the map's cells as fractions of the crop.

    Cells at the rim stand a little outside, so that a point near the border can be reached.
    """
    rows, columns = (torch.arange(count, dtype=torch.float32, device=device) for count in (height, width))
    ys = ((rows + 0.5) / height - 0.5) * 1.2 + 0.5
    xs = ((columns + 0.5) / width - 0.5) * 1.2 + 0.5
    return torch.stack([xs.repeat(height), ys.repeat_interleave(width)], dim=1)
