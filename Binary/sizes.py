"""Says what takes the room in a bundle. Usage: python sizes.py RECORD BUNDLE

RECORD is PyInstaller's list of what each executable needs, which the build leaves behind: it tells the tracker's own
part from what only the launcher needs.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

from contents import TRACKER

MB = 1e6

GROUPS = (
    ("cv2/cv2", "OpenCV itself"),
    ("cv2/opencv_videoio_ffmpeg", "OpenCV: FFmpeg"),
    ("opencv_python.libs/libopenblas", "OpenCV: OpenBLAS"),
    ("opencv_python.libs/libgfortran", "OpenCV: OpenBLAS"),
    ("opencv_python.libs/libquadmath", "OpenCV: OpenBLAS"),
    ("opencv_python.libs/libQt5", "OpenCV: Qt and X11 (preview window)"),
    ("opencv_python.libs/libxcb", "OpenCV: Qt and X11 (preview window)"),
    ("opencv_python.libs/libxkb", "OpenCV: Qt and X11 (preview window)"),
    ("cv2/qt", "OpenCV: Qt and X11 (preview window)"),
    ("libX", "OpenCV: Qt and X11 (preview window)"),
    ("libglib", "OpenCV: Qt and X11 (preview window)"),
    ("opencv_python.libs", "OpenCV: FFmpeg, picture formats, TLS"),
    ("cv2/.dylibs", "OpenCV: FFmpeg, picture formats, TLS"),
    ("cv2", "OpenCV: Python files"),
    ("numpy.libs", "NumPy: OpenBLAS"),
    ("numpy", "NumPy itself"),
    ("onnxruntime", "onnxruntime"),
    ("models", "networks and their manifest"),
    ("nicegui", "NiceGUI"),
)


def group_of(name: str) -> str:
    """What a file is counted as, by its path inside the bundle."""
    name = name.removeprefix("_internal/")
    for start, group in GROUPS:
        if name.startswith(start):
            return group
    if "/" not in name and ("facetracker" in name):
        return "executables (with our code)"
    if name.startswith(("libpython", "python3", "base_library", "Python")) or "/lib-dynload/" in name:
        return "Python"
    return "everything else"


def files(bundle: Path) -> dict[str, int]:
    """Bytes by path inside `bundle`; links count nothing."""
    found: dict[str, int] = {}
    for folder, _, names in os.walk(bundle):
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink():
                found[path.relative_to(bundle).as_posix()] = path.stat().st_size
    return found


def tracker_files(record: Path, bundle: Path) -> dict[str, int]:
    """As `files`, without what only the other executables need."""
    needed: dict[str, set[str]] = {}
    for entry in json.loads(record.read_text(encoding="utf-8")):
        needed.setdefault(entry["name"], set()).add(entry["program"])
    others = {program for programs in needed.values() for program in programs} - {TRACKER.name}

    def is_trackers(name: str) -> bool:
        inner = name.removeprefix("_internal/")
        if inner == name:
            return Path(name).name.removesuffix(".exe") not in others
        return TRACKER.name in needed.get(inner, {TRACKER.name})

    return {name: size for name, size in files(bundle).items() if is_trackers(name)}


def table(record: Path, bundle: Path) -> str:
    """Megabytes (10^6 bytes) by what takes them, for the tracker alone and for the whole bundle."""
    alone, whole = tracker_files(record, bundle), files(bundle)
    sums = [Counter[str](), Counter[str]()]
    for counter, sizes in zip(sums, (alone, whole), strict=True):
        for name, size in sizes.items():
            counter[group_of(name)] += size
    lines = ["| what | tracker alone, MB | whole bundle, MB |", "|---|--:|--:|"]
    for group, size in sums[1].most_common():
        lines.append(f"| {group} | {sums[0][group] / MB:.1f} | {size / MB:.1f} |")
    lines.append(f"| **sum** | **{sum(alone.values()) / MB:.1f}** | **{sum(whole.values()) / MB:.1f}** |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]), Path(sys.argv[2])))
