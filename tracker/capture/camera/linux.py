"""Cameras on Linux: Video4Linux nodes by number, listed without OpenCV and without opening a stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tracker.capture.camera.devices import CameraDevice, Opening, one_line
from tracker.capture.camera.modes import Mode
from tracker.capture.camera.v4l2 import NodeReport, query_node


def list_cameras(
    dev: Path = Path("/dev"),
    sysfs: Path = Path("/sys/class/video4linux"),
    query: Callable[[Path], NodeReport] = query_node,
) -> list[CameraDevice]:
    """All capturing nodes, by node number. Tests pass their own folders and `query`."""
    cameras: list[CameraDevice] = []
    stable_ids = _stable_ids(dev)
    for _, node in sorted(_nodes(dev)):
        name = _first_line(sysfs / node.name / "name")
        modes: tuple[Mode, ...] | None
        try:
            report = query(node)
        except OSError:
            # No permission, or just unplugged. A camera without permission is listed all the same, or the numbers after
            # it would differ from those of a user who has it. The first node of a device (index 0) is the capturing
            # one.
            if name is None or _first_line(sysfs / node.name / "index") != "0":
                continue
            modes = None
        else:
            if not report.captures:
                continue
            name, modes = name or report.card, report.modes
        cameras.append(
            CameraDevice(
                index=len(cameras),
                name=one_line(name),
                path=str(node),
                stable_id=stable_ids.get(node.resolve()),
                modes=modes,
                openings=(Opening("V4L2", str(node)),),
            )
        )
    return cameras


def _nodes(dev: Path) -> list[tuple[int, Path]]:
    """(N, /dev/videoN), in no order."""
    found = ((re.fullmatch(r"video(\d+)", node.name), node) for node in dev.glob("video*"))
    return [(int(match[1]), node) for match, node in found if match]


def _stable_ids(dev: Path) -> dict[Path, str]:
    """Node -> its link below /dev/v4l, which names the device itself (by-id) or the socket it is in (by-path)."""
    ids: dict[Path, str] = {}
    for folder in ("by-path", "by-id"):  # the better one last, so that it stays
        for link in sorted((dev / "v4l" / folder).glob("*")):
            ids[link.resolve()] = str(link)
    return ids


def _first_line(path: Path) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return lines[0].strip() if lines else None
