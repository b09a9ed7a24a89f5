"""The classifier's network: a MobileNet-style classifier of one crop."""

from __future__ import annotations

import torch
from torch import nn

from training.blocks import Block, conv

CROP_PX = 64


class FaceClassifier(nn.Module):
    """(N, 3, 64, 64) floats 0 to 1 -> (N,) log odds of a face in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 24, 3, 2),
            Block(24, 48, 2),
            Block(48, 48),
            Block(48, 48),
            Block(48, 96, 2),
            Block(96, 96),
            Block(96, 96),
            Block(96, 160, 2),
            Block(160, 160),
            Block(160, 160),
        )
        self.dropout = nn.Dropout(0.2)
        self.out = nn.Linear(160 * 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.body(x)
        # The mean says what there is, the middle whether it sits where the box says.
        middle = maps[:, :, 1:3, 1:3].mean(dim=(2, 3))
        out: torch.Tensor = self.out(self.dropout(torch.cat([maps.mean(dim=(2, 3)), middle], 1)))
        return out[:, 0]


class ShiftedVerifier(nn.Module):
    """What is exported: `log_odds` (N,), the log odds of a face, shifted so that zero is the right threshold."""

    def __init__(self, classifier: FaceClassifier, shift: float) -> None:
        super().__init__()
        self.classifier = classifier
        self.shift = shift

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        odds: torch.Tensor = self.classifier(x) + self.shift
        return odds
