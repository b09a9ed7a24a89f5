"""Loads OpenCV, or explains how to repair its installation."""

from __future__ import annotations

import re
import sys
from typing import Any

from tracker.errors import FacetrackerError

_DEBIAN_PACKAGES = "libgl1 libglib2.0-0"


def import_opencv(threads: int) -> None:
    """Load OpenCV, limited to `threads` threads. Raises FacetrackerError with advice that fits the failure."""
    try:
        import cv2
    except ImportError as error:
        raise FacetrackerError(advice_on(error, installed_wheels())) from error
    if not hasattr(cv2, "VideoCapture"):
        # The remains of a folder that two wheels shared, after one was uninstalled, are imported as an empty package.
        raise FacetrackerError(advice_on(None, installed_wheels()))
    cv2.setNumThreads(threads)


def installed_wheels() -> list[str]:
    """The installed distributions of OpenCV. All of them write into the same folder, so there should be one."""
    from importlib import metadata  # 20 ms that a start without an error saves

    names = {str(found.metadata["Name"] or "").lower().replace("_", "-") for found in metadata.distributions()}
    return sorted(name for name in names if re.fullmatch(r"opencv(-contrib)?-python(-headless)?", name))


def advice_on(error: ImportError | None, wheels: list[str], platform: str = sys.platform) -> str:
    """The error message, in one line. error: raised by the import; None for an empty package."""
    problem = "OpenCV cannot be loaded" if error is None else f"OpenCV cannot be loaded ({_first_line(error)})"
    if "cannot open shared object file" in str(error):
        return f"{problem}; on Debian and Ubuntu it needs: sudo apt-get install {_DEBIAN_PACKAGES}"
    if error is not None and "numpy" in str(error).lower():
        return f"{problem}; NumPy and OpenCV are incompatible: pip install --upgrade numpy opencv-python"
    if error is not None and "DLL load failed" in str(error) and platform == "win32":
        return (
            f"{problem}; Windows needs the Microsoft Visual C++ Redistributable, and its N editions the Media Feature "
            "Pack (Settings, Apps, Optional features)"
        )
    if not wheels:
        return f"{problem}; install it: pip install opencv-python"
    remove = " ".join(wheels)
    why = "several OpenCV wheels share one folder" if len(wheels) > 1 else "its installation is incomplete"
    return f"{problem}; {why}: pip uninstall -y {remove} && pip install opencv-python"


def _first_line(error: Any) -> str:
    return str(error).strip().partition("\n")[0][:200]
