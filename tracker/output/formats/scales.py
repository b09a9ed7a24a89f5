"""Scales that several formats share."""

from __future__ import annotations

from tracker.output.subject import AvatarSubject
from tracker.topology import BLENDSHAPE_NAMES

LOOK_ACROSS_DEG, LOOK_UP_DEG = 30.0, 20.0
"""Gaze at which a format that tells it as a share, and not as an angle, has its whole range."""


def unit(value: float) -> float:
    """Limited to 0 to 1."""
    return min(max(value, 0.0), 1.0)


def signed_unit(value: float) -> float:
    """Limited to -1 to 1."""
    return min(max(value, -1.0), 1.0)


ARKIT_NAMES = tuple(name[0].upper() + name[1:] for name in BLENDSHAPE_NAMES)
"""As Perfect Sync avatars and VTube Studio write them: ``EyeBlinkLeft``."""


def coefficients(subject: AvatarSubject) -> tuple[float, ...]:
    """The 52. Raises ValueError when they were not estimated: nothing may stand in for them."""
    if subject.blendshapes is None:
        raise ValueError("ARKit's coefficients were not estimated")
    return subject.blendshapes
