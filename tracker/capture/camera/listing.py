"""Output of ``--list-cameras`` and ``--list-dcaps``, which other programs read line by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from tracker.capture.camera.devices import HOW_TO_LIST, CameraDevice
from tracker.capture.camera.modes import Mode
from tracker.errors import CaptureError


def format_camera_list(cameras: Sequence[CameraDevice], style: int) -> str:
    """The list in OpenSeeFace's style 1 (numbered) or 2 (names, line order = index), or in ours, 3 (JSON).

    Every line ends with a line feed; style 2 without cameras is the empty string.
    """
    if style == 3:
        return json.dumps([_as_json(camera) for camera in cameras], indent=2, ensure_ascii=False) + "\n"
    if style == 1:
        return "Available cameras:\n" + "".join(f"{camera.index}: {camera.name}\n" for camera in cameras)
    return "".join(f"{camera.name}\n" for camera in cameras)


def format_capabilities(cameras: Sequence[CameraDevice], which: int) -> str:
    """The capabilities of camera `which`, or of all for -1, as OpenSeeFace prints them.

    Raises CaptureError when there is no camera `which`.
    """
    chosen = [camera for camera in cameras if which in (-1, camera.index)]
    if not chosen and which != -1:
        raise CaptureError(f"there is no camera {which}; {HOW_TO_LIST}")
    return "".join(_capabilities(camera) for camera in chosen)


def _capabilities(camera: CameraDevice) -> str:
    lines = [f"{camera.index}: {camera.name}"]
    if camera.modes is None:
        lines.append("    The system does not report this camera's capabilities")
    else:
        lines += [f"    {number}: {_mode(mode)}" for number, mode in enumerate(camera.modes)]
    return "\n".join(lines) + "\n"


def _mode(mode: Mode) -> str:
    size = f"{mode.min_width}x{mode.min_height}"
    if (mode.max_width, mode.max_height) != (mode.min_width, mode.min_height):
        size += f"-{mode.max_width}x{mode.max_height}"
    return f"Resolution: {size} FPS: {mode.min_fps:.3f}-{mode.max_fps:.3f} Format: {mode.format_name}"


def _as_json(camera: CameraDevice) -> dict[str, object]:
    modes = None if camera.modes is None else [{**asdict(mode), "format": mode.format_name} for mode in camera.modes]
    return {
        "index": camera.index,
        "name": camera.name,
        "backend": camera.backend,
        "path": camera.path,
        "stable_id": camera.stable_id,
        "modes": modes,
    }
