"""Scales that several formats share."""

from __future__ import annotations

LOOK_ACROSS_DEG, LOOK_UP_DEG = 30.0, 20.0
"""Gaze at which a format that tells it as a share, and not as an angle, has its whole range."""


def unit(value: float) -> float:
    """Limited to 0 to 1."""
    return min(max(value, 0.0), 1.0)


def signed_unit(value: float) -> float:
    """Limited to -1 to 1."""
    return min(max(value, -1.0), 1.0)
