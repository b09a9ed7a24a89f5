"""The process's environment, set before numpy and OpenCV are imported, and its priority."""

from __future__ import annotations

import logging
import os
import sys

_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def prepare(max_threads: int) -> None:
    """Limit the threads of numerical libraries and silence OpenCV. OpenCV variables that the user set are kept."""
    for name in _THREAD_COUNTS:
        os.environ[name] = str(max_threads)
    # Media Foundation takes up to a minute to open some cameras with its hardware transforms.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    # Errors are reported by us, in one line.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # The Qt inside OpenCV looks for fonts that its wheel lacks, and warns five times for each window.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")


logger = logging.getLogger(__name__)

NICE = (19, 10, 0, -5, -10, -20)
"""Niceness for idle, below normal, normal, above normal, high and real-time, on systems that have it."""


def set_priority(step: int) -> None:
    """Set priority `step` (0 to 5). Without permission there is one warning and the priority is unchanged."""
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
        logger.warning("--priority %d needs more rights than this user has; the priority is unchanged", step)
