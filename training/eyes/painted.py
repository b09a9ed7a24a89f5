"""Irises of any colour, painted: the packs' photographs are small, and most irises in them are dark all over.

The pupil's edge in a light iris, half under a reflection, is what tells a small look up or down; here it is drawn
with its place known.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

HUES = ((5, 16, 0.5), (16, 28, 0.25), (28, 75, 0.1), (95, 118, 0.15))
"""Ranges of OpenCV's hue (0 to 180) with their shares: brown, hazel and amber, green, blue and grey."""
PUPIL = (0.22, 0.6)
"""Radius of the pupil over that of the iris: from bright light to dim."""
COLLARETTE = 0.5
"""Where the lighter ring around the pupil ends, as a share of the way from the pupil's edge to the iris's."""


def painted_iris(across: Floats, down: Floats, radius: float, sclera: Floats, rng: np.random.Generator) -> Floats:
    """(H, W, 3) BGR colours of an iris with its pupil, beyond its edge as at it.

    across, down: (H, W) px from the iris's middle. radius: px. sclera: (3,) its BGR colour.
    """
    away = np.hypot(across, down) / radius
    pupil = rng.uniform(*PUPIL)
    stroma, inner = _colour(rng), _colour(rng)
    inner = stroma + rng.uniform(0, 0.6) * (inner - stroma)
    along = (away - pupil) / (1 - pupil)
    near = np.clip((COLLARETTE - along) / 0.3 + 0.5, 0, 1)[:, :, None]
    colours = near * inner + (1 - near) * stroma
    limbal = rng.uniform(0, 0.75) * np.clip((along - rng.uniform(0.6, 0.9)) / 0.2, 0, 1)
    colours = colours * (1 - limbal)[:, :, None]
    spokes = np.sin(np.arctan2(down, across) * rng.integers(3, 14) + rng.uniform(0, 6.28))
    colours = colours * (1 + rng.uniform(0, 0.2) * spokes)[:, :, None]
    hole = np.clip((pupil - away) * radius + 0.5, 0, 1)[:, :, None]
    return (sclera * ((1 - hole) * colours + hole * rng.uniform(0.02, 0.15))).astype(np.float32)


def _colour(rng: np.random.Generator) -> Floats:
    """(3,) BGR of an iris as shares of the sclera's."""
    low, high, _ = HUES[rng.choice(len(HUES), p=[share for _, _, share in HUES])]
    hsv = np.array([[[rng.uniform(low, high), rng.uniform(40, 220), rng.uniform(40, 215)]]], np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32) / 255
