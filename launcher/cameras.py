"""Which cameras there are, as the tracker sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.asking import ask_tracker, not_understood

LIMIT_S = 30.0
"""How long listing may take: some Windows drivers need ten seconds to wake."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What a camera can deliver. format: MJPEG, YUY2 and the like; sizes in pixels, rates in frames per second."""

    format: str
    fourcc: str
    min_width: int
    min_height: int
    max_width: int
    max_height: int
    min_fps: float
    max_fps: float

    def __str__(self) -> str:
        size = f"{self.max_width}x{self.max_height}"
        return f"{size}, {self.max_fps:g} frames/s, {self.format}"


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera.

    index: what ``-c`` takes; it changes when cameras are plugged in. name: what its maker calls it. backend: the
    part of the system it is opened through. stable_id: the same for the same camera in the same socket, where the
    system knows it. modes: empty where the system does not tell.
    """

    index: int
    name: str
    backend: str
    path: str
    stable_id: str
    modes: tuple[Mode, ...]

    @property
    def selector(self) -> str:
        """What to put into `TrackerOptions.camera`: it finds this camera again, wherever it is plugged in."""
        return self.stable_id or str(self.index)


def list_cameras(program: Sequence[str] | None = None, limit_s: float = LIMIT_S) -> tuple[Camera, ...]:
    """All cameras in the tracker's order. program: what starts the tracker; None = look for it.

    Raises LauncherError when the tracker cannot be asked.
    """
    answer = ask_tracker(["--list-cameras", "3"], "cameras", program, limit_s)
    try:
        return tuple(_camera(entry) for entry in answer)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise not_understood("cameras", error) from error


def _camera(entry: Mapping[str, Any]) -> Camera:
    return Camera(
        index=int(entry["index"]),
        name=str(entry["name"]),
        backend=str(entry["backend"]),
        path=str(entry.get("path") or ""),
        stable_id=str(entry.get("stable_id") or ""),
        modes=tuple(_mode(mode) for mode in entry.get("modes") or ()),
    )


def _mode(entry: Mapping[str, Any]) -> Mode:
    return Mode(
        format=str(entry["format"]),
        fourcc=str(entry.get("fourcc") or ""),
        min_width=int(entry["min_width"]),
        min_height=int(entry["min_height"]),
        max_width=int(entry["max_width"]),
        max_height=int(entry["max_height"]),
        min_fps=float(entry["min_fps"]),
        max_fps=float(entry["max_fps"]),
    )
