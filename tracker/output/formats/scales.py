"""Scales and names shared by several formats."""

from __future__ import annotations

from tracker.output.subject import AvatarSubject
from tracker.topology import BLENDSHAPE_NAMES

LOOK_ACROSS_DEG, LOOK_UP_DEG = 30.0, 20.0
"""Gaze angles that correspond to 1 in formats that send gaze as a fraction."""


def unit(value: float) -> float:
    """Clamp to 0 to 1."""
    return min(max(value, 0.0), 1.0)


def signed_unit(value: float) -> float:
    """Clamp to -1 to 1."""
    return min(max(value, -1.0), 1.0)


ARKIT_NAMES = tuple(name[0].upper() + name[1:] for name in BLENDSHAPE_NAMES)
"""The blendshape names as Perfect Sync avatars and VTube Studio write them: ``EyeBlinkLeft``."""


def coefficients(subject: AvatarSubject) -> tuple[float, ...]:
    """The 52 blendshapes. Raises ValueError when they were not estimated, since nothing can replace them."""
    if subject.blendshapes is None:
        raise ValueError("ARKit's blendshapes were not estimated")
    return subject.blendshapes
