"""The annotator's expression scores as targets for the coefficients of photographs.

The scores come from single pictures, in scales of their own: most people squint by 0.4 at rest, nobody's eyes widen by
more than 0.1, and left and right differ without reason. So the rest of calm faces is taken away, small scales are
stretched, both the same for left and right, and what the annotator never tells is not taught.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tracker import topology as t
from training import datasets

CALM = {
    "mouthSmileLeft": 0.1,
    "mouthSmileRight": 0.1,
    "jawOpen": 0.06,
    "mouthPucker": 0.35,
    "mouthFunnel": 0.2,
    "mouthUpperUpLeft": 0.1,
    "mouthUpperUpRight": 0.1,
    "mouthStretchLeft": 0.15,
    "mouthStretchRight": 0.15,
    "eyeBlinkLeft": 0.3,
    "browInnerUp": 0.35,
}
"""A face with less than this of each is at rest."""
REST_QUANTILE = 0.4
TOP_QUANTILE = 0.998
TOP = 0.85
"""Where the strongest of all faces should be, if they are not."""
LARGEST_GAIN = 3.0
RARE = {
    **dict.fromkeys(("jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthClose"), 0.3),
    **dict.fromkeys(("mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthFunnel"), 0.5),
}
"""Trust in what the annotator notices now and then."""
ABSENT = {"tongueOut": 0.2, "cheekPuff": 0.2, "jawForward": 0.5}
"""Trust in the absence of what the annotator never tells: hardly anybody does it on a photograph."""
UNKNOWN = ("noseSneerLeft", "noseSneerRight", "cheekSquintLeft", "cheekSquintRight")
TYPICAL_SPREAD = 0.12
"""Standard deviation of a coefficient that counts once; rarer ones count more, up to twice."""


@cache
def _scale() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rest, gain and spread (52,) of the training fold's scores, left and right alike."""
    pack_scores = [(pack, datasets.load_scores(pack)) for pack in (datasets.load_faces(), datasets.load_manual())]
    scores = np.concatenate([found[pack.fold == datasets.TRAIN] for pack, found in pack_scores])
    scores = scores[np.isfinite(scores[:, 0])]
    names = list(t.BLENDSHAPE_NAMES)
    calm = np.all([scores[:, names.index(name)] < most for name, most in CALM.items()], axis=0)
    scores = np.nan_to_num(scores)

    def alike(values: np.ndarray) -> np.ndarray:
        mean: np.ndarray = 0.5 * (values + values[t.BLENDSHAPE_MIRROR])
        return mean

    rest = alike(np.quantile(scores[calm], REST_QUANTILE, axis=0))
    moved = np.clip((scores - rest) / (1 - rest), 0, 1)
    gain = np.clip(TOP / np.maximum(alike(np.quantile(moved, TOP_QUANTILE, axis=0)), 1e-3), 1, LARGEST_GAIN)
    return rest, gain, alike(np.clip(moved * gain, 0, 1).std(axis=0))


def scores_and_trust(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, 52) as `datasets.load_scores` gives them -> targets and trust, (N, 52) float32 each."""
    rest, gain, spread = _scale()
    known = np.isfinite(scores[:, :1])
    target = np.clip((np.nan_to_num(scores) - rest) / (1 - rest) * gain, 0, 1)
    trust = np.clip(TYPICAL_SPREAD / np.maximum(spread, 1e-3), 0.6, 2)
    for j, name in enumerate(t.BLENDSHAPE_NAMES):
        if name in ABSENT:
            target[:, j], trust[j] = 0, ABSENT[name]
        elif name in UNKNOWN:
            trust[j] = 0
        else:
            trust[j] *= RARE.get(name, 1.0)
    return target.astype(np.float32), (known * trust).astype(np.float32)
