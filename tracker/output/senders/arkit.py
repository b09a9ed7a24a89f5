"""What the formats with ARKit's 52 coefficients share."""

from __future__ import annotations

from tracker.output.subject import Subject
from tracker.topology import BLENDSHAPE_NAMES

ARKIT_NAMES = tuple(name[0].upper() + name[1:] for name in BLENDSHAPE_NAMES)
"""As Perfect Sync avatars and VTube Studio write them: ``EyeBlinkLeft``."""


def coefficients(subject: Subject) -> tuple[float, ...]:
    """The 52. Raises ValueError when they were not estimated: nothing may stand in for them."""
    if subject.blendshapes is None:
        raise ValueError("ARKit's coefficients were not estimated")
    return subject.blendshapes
