"""OpenSeeFace's 14 features, from the 52 coefficients.

The coefficients are free of the head's pose and of the person's rest, so a turned head raises no brow and opens no
mouth, and the first frame is as good as any. Which coefficient moves which feature, and how far, follows what one
coefficient at a time does to a head of ICT-FaceKit, measured by OpenSeeFace's own definitions.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from tracker import topology as t
from tracker.types import Expression, FloatArray

NAMES = tuple(field.name for field in fields(Expression))
"""In wire order."""

_BROW = {
    "eyebrow_steepness": {"browInnerUp": 1.0, "browOuterUp": -0.6, "browDown": -0.3},
    "eyebrow_updown": {"browInnerUp": 0.5, "browOuterUp": 0.7, "browDown": -1.0},
    "eyebrow_quirk": {"browOuterUp": 1.0, "browDown": -0.8},
}
_MOUTH_CORNER = {
    "mouth_corner_updown": {"mouthSmile": -1.2, "mouthDimple": -0.3, "mouthFrown": 1.2, "jawOpen": 0.3},
    "mouth_corner_inout": {
        "mouthSmile": 1.0, "mouthStretch": 1.0, "mouthDimple": 0.2, "mouthFrown": 0.2, "mouthRollUpper": 0.2,
        "mouthPucker": -1.0, "mouthFunnel": -0.7, "jawOpen": -0.3,
    },
}  # fmt: skip
_MOUTH_OPEN = {
    "jawOpen": 1.6, "mouthClose": -1.6, "mouthFunnel": 0.3, "mouthShrugUpper": 0.1,
    **{f"mouth{part}{side}": 0.2 for part in ("LowerDown", "UpperUp") for side in ("Left", "Right")},
}  # fmt: skip


def _weights() -> FloatArray:
    """(14, 52) what one unit of each coefficient does to each feature."""
    index = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}
    weights = np.zeros((len(NAMES), len(index)))
    for row, name in enumerate(NAMES):
        stem, _, side = name.rpartition("_")
        if name == "mouth_open":
            mix = _MOUTH_OPEN
        elif name == "mouth_wide":
            mix = {}
        else:
            mix = {"eye": {"eyeWide": 1.0}, **_BROW, **_MOUTH_CORNER}[stem]
        for part, weight in mix.items():
            sided = f"{part}{'Left' if side == 'l' else 'Right'}"
            weights[row, index[sided if sided in index else part]] += weight
    left, right = NAMES.index("mouth_corner_inout_l"), NAMES.index("mouth_corner_inout_r")
    weights[NAMES.index("mouth_wide")] = (weights[left] + weights[right]) / 2
    return weights


WEIGHTS = _weights()
EYES = NAMES.index("eye_l"), NAMES.index("eye_r")


def raw_features(coefficients: FloatArray) -> FloatArray:
    """(14,) float64 in wire order from (52,) coefficients; the eyes only say how far they are widened."""
    return WEIGHTS @ coefficients
