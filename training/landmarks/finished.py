"""A trained landmark network as it is exported: with its confidence, its answers in range, and no step too many.

On a CPU a step over a hundred numbers costs as much as one over thousands. So what is linear is multiplied out
beforehand: the points' way into the head, the units of what the head reads, the error scale's correction. Layers that
read the same map become one. `tests/training/test_landmark_network.py` compares the answers with the network's own.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tracker.topology import BLENDSHAPE_NAMES, LEFT_EYE_OUTER, N_DENSE, N_LANDMARKS, RIGHT_EYE_OUTER
from training.landmarks.face_sets import UNSENT
from training.landmarks.network import COARSE_SCALE, SEEN_POINTS, SHORTEST, LandmarkNetwork, expectation, sample
from training.landmarks.reach import stretched

CLOSE = 0.05
"""A point's confidence is the probability that it lies within so many outer-eye distances."""
SHORTEST_RADIUS = 0.15
"""In profile the eyes meet: a floor keeps the radius that of a face, as in training."""
LOG_SCALES = (-7.0, 0.0)
_N_POINTS = N_LANDMARKS + N_DENSE


class Finished(nn.Module):
    """(N, 3, S, S) float BGR 0 to 1 -> points (N, 66, 2), confidence (N, 66), further points (N, 87, 2), coefficients
    (N, 52) in 0 to 1. correction: multiplies the learnt scale of the errors. slope: (52,), how steeply coefficients
    rise where they are shown (`training.landmarks.reach`)."""

    def __init__(self, network: LandmarkNetwork, correction: float, slope: Tensor) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        for replaced in ("maps", "extra_maps", "scale", "coefficients"):
            delattr(self.network, replaced)
        head = network.coefficients
        self.fine_maps, self.narrow, self.hidden, self.deeper = network.fine_maps, head.narrow, head.hidden, head.deeper
        self.out = copy.deepcopy(head.out)
        self.register_buffer("slope", slope)
        with torch.no_grad():
            for name in UNSENT:
                self.out.weight[BLENDSHAPE_NAMES.index(name)] = 0
                self.out.bias[BLENDSHAPE_NAMES.index(name)] = 0
            log_close = torch.log(torch.tensor(CLOSE / correction)).item()
            low, high = LOG_SCALES
            self.inverse_scales = log_close - high, log_close - low
            self.inverse_scale = _linear(-network.scale.weight, log_close - network.scale.bias)
            self.coarse = nn.Conv2d(head.coarse.in_channels, head.coarse.out_channels, 1)
            self.coarse.weight.copy_(COARSE_SCALE * head.coarse.weight)
            assert head.coarse.bias is not None
            self.coarse.bias.copy_(head.coarse.bias)  # type: ignore[union-attr]
            first, _, self.second = head.fine
            if self.fine_maps:
                self.at_decoded = _together([network.maps, head.near])
                self.at_d8 = _together([network.extra_maps, first])
            else:
                self.at_decoded = self.at_d8 = _together([network.maps, network.extra_maps, head.near, first])
            self.n_near, self.n_fine = head.near.out_channels, first.out_channels
            self.points, self.shape = _unfolded(head.points, head.typical, head.spread)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        f16, d8, decoded = self.network.encode(image)
        points, near, fine = self._maps(d8, decoded)
        weighed = self.points(points.flatten(1))
        across = weighed[:, :2]
        length = torch.linalg.vector_norm(across, dim=1, keepdim=True)
        # A sine and a cosine over the length; `in_eye_frame` says of what.
        turn = across / (length.clamp(min=1e-4) * length.clamp(min=SHORTEST))
        turned = turn[:, None] @ weighed[:, 2:].unflatten(1, (2, -1))
        shape = functional.gelu(turned[:, 0] + self.shape)
        seen = functional.gelu(self.coarse(f16) + self.second(functional.relu(fine)))
        near = functional.gelu(sample(near, points[:, SEEN_POINTS]))
        narrow = self.narrow(torch.cat([seen.flatten(1), shape, near.flatten(1)], dim=1))
        hidden = functional.gelu(self.hidden(narrow))
        hidden = hidden + functional.gelu(self.deeper(hidden))
        means = [functional.adaptive_avg_pool2d(map_, 1).flatten(1) for map_ in (f16, d8)]
        inverse_scale = torch.exp(self.inverse_scale(torch.cat(means, dim=1)).clamp(*self.inverse_scales))
        ratio = length.clamp(min=SHORTEST_RADIUS) * inverse_scale
        confidence = 1 - torch.exp(-ratio) * (1 + ratio)  # that d < radius for d ~ Gamma(2, scale)
        coefficients = stretched(self.out(hidden).clamp(0, 1), self.slope)
        return points[:, :N_LANDMARKS], confidence, points[:, N_LANDMARKS:], coefficients

    def _maps(self, d8: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All points (N, 153, 2), and the maps from which the head reads what is near them and around.

        The few maps of the head go through the softmax along with the points': to part them first would take longer.
        """
        if not self.fine_maps:
            maps = self.at_decoded(decoded)
            near = maps[:, _N_POINTS : _N_POINTS + self.n_near]
            return expectation(maps)[:, :_N_POINTS], near, maps[:, -self.n_fine :]
        maps, further = self.at_decoded(decoded), self.at_d8(d8)
        points = torch.cat([expectation(maps)[:, :N_LANDMARKS], expectation(further)[:, :N_DENSE]], dim=1)
        return points, maps[:, N_LANDMARKS:], further[:, N_DENSE:]


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
    return layer


def _together(layers: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """One 1 x 1 convolution that answers as all `layers` do."""
    together = nn.Conv2d(layers[0].in_channels, sum(layer.out_channels for layer in layers), 1)
    biases = [layer.bias for layer in layers if layer.bias is not None]
    together.weight.copy_(torch.cat([layer.weight for layer in layers]))
    together.bias.copy_(torch.cat(biases))  # type: ignore[union-attr]
    return together


def _unfolded(layer: nn.Linear, typical: Tensor, spread: Tensor) -> tuple[nn.Linear, Tensor]:
    """`layer` of ((in_eye_frame(points) - typical) / spread), as far as it is linear in the points.

    Returns a layer from the points (N, 306) to the vector between the outer eye corners (2,), what the places would
    answer that were turned by nothing (K,) and what they would that were turned by a right angle (K,); and a
    constant (K,).
    """
    weights = layer.weight.unflatten(1, (-1, 2)) / spread  # (K, P, 2)
    constant = layer.bias - (weights * typical).sum(dim=(1, 2))
    x, y = weights[..., 0], weights[..., 1]
    straight, crossed = torch.stack([x, y], dim=2), torch.stack([-y, x], dim=2)
    for part in (straight, crossed):  # places are relative to the middle between the eye corners
        total = part.sum(dim=1)
        part[:, RIGHT_EYE_OUTER] -= total / 2
        part[:, LEFT_EYE_OUTER] -= total / 2
    across = torch.zeros(2, *weights.shape[1:])
    for axis in (0, 1):
        across[axis, LEFT_EYE_OUTER, axis], across[axis, RIGHT_EYE_OUTER, axis] = 1, -1
    folded = torch.cat([across, straight, crossed]).flatten(1)
    return _linear(folded, torch.zeros(len(folded))), constant
