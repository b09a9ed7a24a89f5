"""ARKit's 52 coefficients of one person, frame by frame.

The landmark network reads them from the same crop as the points, and `face_filter` steadies both. Here they are freed
of what this person's face shows at rest, and joined with what the eye network sees better: how far the lids are closed
and where the eyes look. Up and down, where lids and brows tell as much as pupils do, both networks count alike, and
both eyes move alike.
docs/BLENDSHAPES.md says how well each is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker import topology as t
from tracker.face.resting_face import RestingFace
from tracker.types import FloatArray

SIDEWAYS_FULL_DEG, VERTICAL_FULL_DEG = 34.3, 31.8
"""Angles of an eye at which its looks are 1: those of a phone's recording, which has angles and coefficients
(`training.synthetic.expressions`)."""

_INDEX = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}
_SIDES = ("Right", "Left")
BLINKS = [_INDEX[f"eyeBlink{side}"] for side in _SIDES]
"""Right, left."""
_WIDE = [_INDEX[f"eyeWide{side}"] for side in _SIDES]
_UP, _DOWN = ([_INDEX[f"eyeLook{way}{side}"] for side in _SIDES] for way in ("Up", "Down"))
_SIDEWAYS = [[_INDEX[f"eyeLook{way}{side}"] for way in ("In", "Out")] for side in _SIDES]


class CoefficientEstimator:
    """Completes the network's coefficients for one person."""

    def __init__(self) -> None:
        self.rest = RestingFace()

    def reset(self) -> None:
        """Forget the person."""
        self.rest.reset()

    def update(
        self,
        read: FloatArray,
        openness: Sequence[float],
        gaze_deg: Sequence[tuple[float, float]] | None,
        now_s: float,
        learn: bool,
    ) -> FloatArray:
        """(52,) float32, 0 to 1, in the order of `BLENDSHAPE_NAMES`.

        read: (52,) the network's answer, steadied. openness: right, left. gaze_deg: of each eye in the
        head, to the subject's left and up; None keeps the network's own looks. learn: the frame may change the rest.
        """
        values: list[float] = self.rest.update(read, now_s, learn).tolist()
        for blink, wide, opened in zip(BLINKS, _WIDE, openness, strict=True):
            values[blink] = 1.0 - opened
            values[wide] *= opened  # lids that are closing are not widened
        if gaze_deg is not None:
            (right, right_up), (left, left_up) = gaze_deg
            for (inwards, outwards), to_inside in zip(_SIDEWAYS, (right, -left), strict=True):
                values[inwards], values[outwards] = _opposed(to_inside / SIDEWAYS_FULL_DEG)
            seen = (right_up + left_up) / 2 / VERTICAL_FULL_DEG
            told = sum([values[up] - values[down] for up, down in zip(_UP, _DOWN, strict=True)]) / 2
            up_now, down_now = _opposed((seen + told) / 2)
            for up, down in zip(_UP, _DOWN, strict=True):
                values[up], values[down] = up_now, down_now
        return np.array(values, np.float32)


def _opposed(value: float) -> tuple[float, float]:
    """Two coefficients of which one is 0: how far it goes one way, and the other."""
    return min(max(value, 0.0), 1.0), min(max(-value, 0.0), 1.0)
