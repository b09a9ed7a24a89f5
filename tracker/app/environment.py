"""What must be in the environment before numpy and OpenCV are imported."""

from __future__ import annotations

import os

_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def prepare(max_threads: int) -> None:
    """Bound the threads of numerical libraries and quieten OpenCV. What the user set for OpenCV stays."""
    for name in _THREAD_COUNTS:
        os.environ[name] = str(max_threads)
    # Media Foundation takes up to a minute to open some cameras with its hardware transforms.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    # What goes wrong is told by us, in one line.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # The Qt inside OpenCV looks for fonts that its wheel lacks, and says so five times for each window.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
