"""Sets the process priority with OpenSeeFace's six steps, on every system."""

from __future__ import annotations

import logging
import sys

logger = logging.getLogger(__name__)

NICE = (19, 10, 0, -5, -10, -20)
"""Where priorities are niceness: idle, below normal, normal, above normal, high, real-time."""


def set_priority(step: int) -> None:
    """Take priority `step` (0 to 5). Without the right to, one warning, and all stays as it was."""
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        value = (
            psutil.IDLE_PRIORITY_CLASS,
            psutil.BELOW_NORMAL_PRIORITY_CLASS,
            psutil.NORMAL_PRIORITY_CLASS,
            psutil.ABOVE_NORMAL_PRIORITY_CLASS,
            psutil.HIGH_PRIORITY_CLASS,
            psutil.REALTIME_PRIORITY_CLASS,
        )[step]
    else:
        value = NICE[step]
    if process.nice() == value:
        return
    try:
        process.nice(value)
    except (psutil.AccessDenied, PermissionError):
        logger.warning("--priority %d is not allowed to this user; the priority stays as it was", step)
