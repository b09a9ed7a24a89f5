"""Cameras on Windows, in DirectShow's order.

OpenSeeFace and its clients count in this order, and only DirectShow lists virtual cameras. A camera that Media
Foundation has too is opened through that first, since it can reach rates that DirectShow may not.
"""

from __future__ import annotations

import logging

from tracker.capture.camera.devices import CameraDevice, Opening, one_line
from tracker.capture.camera.modes import Mode

logger = logging.getLogger(__name__)


def list_cameras() -> list[CameraDevice]:
    """Every camera by its DirectShow index."""
    from cv2_enumerate_cameras import enumerate_cameras
    from cv2_enumerate_cameras.windows_backend import CAP_DSHOW, CAP_MSMF

    return combine(
        [(info.index, info.name, info.path) for info in enumerate_cameras(CAP_DSHOW)],
        [(info.index, info.path) for info in enumerate_cameras(CAP_MSMF)],
        _modes(),
    )


def combine(
    direct_show: list[tuple[int, str, str | None]],
    media_foundation: list[tuple[int, str | None]],
    modes: list[tuple[Mode, ...] | None] | None,
) -> list[CameraDevice]:
    """Merge both systems' lists of (index, [name,] device path). modes: DirectShow's, in its order."""
    by_device = {device_of(path): index for index, path in media_foundation if path}
    known = modes if modes is not None and len(modes) == len(direct_show) else None
    cameras: list[CameraDevice] = []
    for index, name, path in direct_show:
        openings = [Opening("DSHOW", index)]
        if path and device_of(path) in by_device:
            openings.insert(0, Opening("MSMF", by_device[device_of(path)]))
        cameras.append(
            CameraDevice(
                index=index,
                name=one_line(name),
                path=path or None,
                stable_id=device_of(path) if path else None,
                modes=None if known is None else known[index],
                openings=tuple(openings),
            )
        )
    return cameras


def device_of(path: str) -> str:
    """A device path without the interface class, which differs between the two systems."""
    return path.lower().rpartition("#{")[0] or path.lower()


def _modes() -> list[tuple[Mode, ...] | None] | None:
    from tracker.capture.camera import directshow

    try:
        return directshow.list_modes()
    except OSError as error:  # also what a driver's crash within COM becomes
        logger.warning("DirectShow does not report the cameras' capabilities: %s", error)
        return None
