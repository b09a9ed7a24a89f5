"""The landmark networks: a small inverted-residual encoder, a light decoder, soft-argmax maps.

Blocks after MobileNetV2 (Sandler et al. 2018, "Inverted Residuals and Linear Bottlenecks"); the
coordinate is the expectation of a softmax over a spatial map (Sun et al. 2018, "Integral Human Pose
Regression"). Maps learned about ten times faster than regression from flattened features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tracker.topology import BLENDSHAPE_NAMES, LEFT_EYE_OUTER, N_DENSE, N_LANDMARKS, RIGHT_EYE_OUTER


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
    head: tuple[int, int, int, int]  # of the coefficients' head: channels of its map, widths for points, narrow, hidden
    at_points: int  # channels the head keeps of what is seen at each point


_LARGE = dict(
    stem=16,
    widths=(24, 48, 96),
    depths=(3, 4, 4),
    expansion=3,
    decoder=64,
    fine_maps=True,
    head=(40, 256, 128, 384),
    at_points=14,
)
_MEDIUM = dict(
    stem=12,
    widths=(16, 32, 64),
    depths=(2, 3, 3),
    expansion=3,
    decoder=40,
    fine_maps=True,
    head=(28, 160, 96, 256),
    at_points=12,
)
_SMALL = dict(
    stem=8,
    widths=(16, 24, 48),
    depths=(1, 3, 3),
    expansion=3,
    decoder=48,
    fine_maps=False,
    head=(20, 96, 64, 160),
    at_points=8,
)

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


class ConvBN(nn.Sequential):
    """A convolution, batch normalisation and, where asked for, ReLU.

    Once the statistics are frozen (`freeze_statistics`), the normalisation is folded into the weights at every step:
    it is trained as before but costs nothing per pixel, a third of a step on a CPU.
    """

    def forward(self, x: Tensor) -> Tensor:
        convolution, norm = self[0], self[1]
        assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        if norm.training or not self.training:
            return super().forward(x)  # type: ignore[no-any-return]
        assert norm.running_var is not None and norm.running_mean is not None
        gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        x = functional.conv2d(
            x,
            convolution.weight * gain[:, None, None, None],
            norm.bias - norm.running_mean * gain,
            convolution.stride,
            convolution.padding,
            groups=convolution.groups,
        )
        return functional.relu_(x) if len(self) == 3 else x


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True) -> ConvBN:
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return ConvBN(*layers, *([nn.ReLU(inplace=True)] if relu else []))


def freeze_statistics(network: nn.Module) -> None:
    """Batch normalisation keeps its present mean and variance from now on; call after `train()`."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def freeze_early_stages(network: LandmarkNetwork) -> None:
    """The first two stages, whose maps are the largest, stay as they are: a quarter of a step is saved."""
    network.stem.requires_grad_(False)
    network.stage4.requires_grad_(False)


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


SHORTEST = 0.2
"""In profile the outer eye corners meet; a face's unit stays at this share of the crop."""


def in_eye_frame(points: Tensor) -> Tensor:
    """(N, P, 2) points -> (N, P, 2) with the middle of the outer eye corners as origin, the line from the right to
    the left one as x axis and its length, but at least `SHORTEST`, as unit."""
    right, left = points[:, RIGHT_EYE_OUTER], points[:, LEFT_EYE_OUTER]
    across = left - right
    length = torch.sqrt((across * across).sum(dim=1, keepdim=True) + 1e-8)
    unit = across / length
    away = (points - 0.5 * (right + left)[:, None]) / length.clamp(min=SHORTEST)[:, None]
    cos, sin = unit[:, None, 0], unit[:, None, 1]
    return torch.stack([away[..., 0] * cos + away[..., 1] * sin, away[..., 1] * cos - away[..., 0] * sin], dim=2)


SEEN_POINTS = slice(17, None)
"""All points but the jaw's."""
N_SEEN = N_LANDMARKS + N_DENSE - 17
COARSE_SCALE = 0.3
"""The encoder ends without an activation, in values of some units, which would drown the points."""


class CoefficientHead(nn.Module):
    """The 52 coefficients from the encoder's coarsest map, the decoder's map at half its step, and all 153 points.

    The coarse maps show cheeks, nose and tongue with their surroundings; the finest one is read at the points alone, so
    that lips and lids are seen in detail and always in the same place; the points say how far things moved from where
    they typically are. All that, some thousand numbers, goes through a narrow layer without an activation before the
    hidden ones: what they say together has far fewer dimensions. What it gives is clipped to 0..1 only on export:
    below 0 nothing pulls.
    """

    def __init__(self, tier: Tier) -> None:
        super().__init__()
        channels, from_points, narrow, hidden = tier.head
        side = -(-tier.input_px // 16)
        self.coarse = nn.Conv2d(tier.widths[2], channels, 1)
        self.fine = nn.Sequential(
            nn.Conv2d(tier.decoder, channels // 2, 1), nn.ReLU(), nn.Conv2d(channels // 2, channels, 3, 2, 1)
        )
        self.points = nn.Linear(2 * (N_LANDMARKS + N_DENSE), from_points)
        self.register_buffer("typical", torch.zeros(N_LANDMARKS + N_DENSE, 2))
        self.register_buffer("spread", torch.ones(N_LANDMARKS + N_DENSE, 2))
        self.near = nn.Conv2d(tier.decoder, tier.at_points, 1)
        known = channels * side * side + from_points + N_SEEN * tier.at_points
        self.narrow = nn.Linear(known, narrow, bias=False)
        self.hidden = nn.Linear(narrow, hidden)
        self.deeper = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, len(BLENDSHAPE_NAMES))
        self.dropout = nn.Dropout(0.1)

    def forward(self, f16: Tensor, d8: Tensor, decoded: Tensor, points: Tensor) -> Tensor:
        return self.answer(f16, d8, sample(self.near(decoded), points[:, SEEN_POINTS]), points)

    def answer(self, f16: Tensor, d8: Tensor, near: Tensor, points: Tensor) -> Tensor:
        """The coefficients (N, 52) where `near` (N, C, K) was sampled from `self.near` of the decoded map."""
        seen = functional.gelu(self.coarse(COARSE_SCALE * f16) + self.fine(d8))
        shape = functional.gelu(self.points(((in_eye_frame(points) - self.typical) / self.spread).flatten(1)))
        known = torch.cat([seen.flatten(1), shape, functional.gelu(near).flatten(1)], dim=1)
        hidden = functional.gelu(self.hidden(self.narrow(self.dropout(known))))
        hidden = hidden + functional.gelu(self.deeper(self.dropout(hidden)))
        answer: Tensor = self.out(self.dropout(hidden))
        return answer


class LandmarkNetwork(nn.Module):
    """(N, 3, S, S) float BGR 0 to 1 -> points (N, 66, 2) in crop fractions, log scale (N, 66), extra points (N, 87, 2),
    coefficients (N, 52), not yet clipped to 0..1.

    The log scale is that of the error as a fraction of the crop's side. The extra points are told from the coarser
    map: at the finest one their softmax would cost a tenth of the network.
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
        self.coefficients = CoefficientHead(tier)

    @staticmethod
    def _stage(inputs: int, outputs: int, depth: int, expansion: int) -> nn.Sequential:
        first = InvertedResidual(inputs, outputs, 2, expansion)
        return nn.Sequential(first, *(InvertedResidual(outputs, outputs, 1, expansion) for _ in range(depth - 1)))

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The maps at 1/16 and, decoded, at 1/8 of the input, and those from which points are told."""
        f4 = self.stage4(self.stem(image))
        f8 = self.stage8(f4)
        f16 = self.stage16(f8)
        decoded = d8 = self.merge8(f16, f8)
        if self.fine_maps:
            decoded = self.merge4(d8, f4)
        return f16, d8, decoded

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        f16, d8, decoded = self.encode(image)
        pooled = torch.cat([f16.mean(dim=(2, 3)), d8.mean(dim=(2, 3))], dim=1)
        landmarks, extra = expectation(self.maps(decoded)), expectation(self.extra_maps(d8))
        # Expressions must not pull at the points: they only read them.
        points = torch.cat([landmarks, extra], dim=1).detach()
        return landmarks, self.scale(pooled).float(), extra, self.coefficients(f16, d8, decoded, points)


def resample_head(weights: dict[str, Tensor], source: Tier, target: Tier) -> dict[str, Tensor]:
    """The weights of a network of `source` for a sibling of another input size: the head's map is interpolated."""
    before, after = -(-source.input_px // 16), -(-target.input_px // 16)
    key = "coefficients.narrow.weight"
    if before == after or key not in weights or source.head != target.head:
        return weights
    channels = source.head[0]
    narrow = weights[key].float()
    n = channels * before * before
    maps = narrow[:, :n].reshape(len(narrow), channels, before, before)
    maps = functional.interpolate(maps, size=(after, after), mode="bilinear", align_corners=False)
    maps = maps * (before / after) ** 2
    return {**weights, key: torch.cat([maps.flatten(1), narrow[:, n:]], dim=1)}


def sample(features: Tensor, points: Tensor) -> Tensor:
    """(N, C, h, w) features at (N, K, 2) points, crop fractions -> (N, C, K), bilinear."""
    return functional.grid_sample(features, 2 * points[:, :, None] - 1, align_corners=False).flatten(2)


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
