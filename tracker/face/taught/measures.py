"""What an expression is recognised by: numbers about the face in which the head's pose has no part."""

from __future__ import annotations

import math

import numpy as np

from tracker import topology as t
from tracker.face.features import NAMES as FEATURES
from tracker.types import Face, FloatArray

_EYES = ("opennessRight", "opennessLeft", "gazeRightX", "gazeRightY", "gazeLeftX", "gazeLeftY")
MEASURES: tuple[str, ...] = (*t.BLENDSHAPE_NAMES, *FEATURES, *_EYES)
"""Their names, in order: ARKit's 52 coefficients, the 14 features, how open the eyes are, where they look (sines)."""

_COEFFICIENTS = len(t.BLENDSHAPE_NAMES)
MIN_CONFIDENCE = 0.4
"""Mean landmark confidence below which a face is neither learnt from nor judged."""

_COEFFICIENT_SD, _FEATURE_SD = 0.10, 0.30
_PRIOR_SD = {
    # Everybody blinks and looks about, whatever the face shows.
    "eyeBlink": 0.30, "eyeLook": 0.25, "eye_": 0.40, "openness": 0.30, "gaze": 0.25, "eyeSquint": 0.15,
    # Talk.
    "jawOpen": 0.18, "mouthFunnel": 0.15, "mouthPucker": 0.15, "mouthClose": 0.15, "mouthLowerDown": 0.15,
    "mouthUpperUp": 0.12, "mouthStretch": 0.12, "mouthRoll": 0.12, "mouthShrug": 0.12, "mouthPress": 0.12,
    "mouth_open": 0.40, "mouth_wide": 0.40,
}  # fmt: skip


def _prior_sd(name: str) -> float:
    known = [sd for start, sd in _PRIOR_SD.items() if name.startswith(start)]
    return known[0] if known else _FEATURE_SD if name in FEATURES else _COEFFICIENT_SD


PRIOR_SD: FloatArray = np.array([_prior_sd(name) for name in MEASURES])
"""(N,) how much each measure moves while somebody holds one expression, talks, blinks, looks about and moves the head:
what is believed of a person before anything was recorded."""


def measured(face: Face) -> FloatArray | None:
    """(N,) float64 in the order of `MEASURES`; None for a face without pose or coefficients, or one that is unsure."""
    if face.blendshapes is None or face.points_3d is None or face.landmarks.mean_confidence < MIN_CONFIDENCE:
        return None
    # Number by number: NumPy's calls would cost several times the arithmetic.
    looks = [0.0] * 4
    if face.gaze is not None:
        looks = [part / max(math.hypot(x, y, z), 1e-6) for x, y, z in face.gaze.tolist() for part in (x, y)]
    values = np.empty(len(MEASURES))
    values[:_COEFFICIENTS] = face.blendshapes
    values[_COEFFICIENTS:] = (*face.expression.as_tuple(), *face.eyes.openness.tolist(), *looks)
    return values
