"""Camera modes: what a camera offers, what is requested, and how the two are matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tracker.errors import SettingsError

# OpenSeeFace's names for pixel formats, which --list-dcaps prints, by V4L2 and DirectShow fourcc.
FORMAT_NAMES = {
    "MJPG": "MJPEG", "JPEG": "MJPEG", "H264": "H264", "YUYV": "YUY2", "YUY2": "YUY2", "YVYU": "YVYU",
    "UYVY": "UYVY", "HDYC": "HDYC", "NV12": "NV12", "YU12": "I420", "I420": "I420", "IYUV": "I420",
    "YV12": "YV12", "GREY": "Y800", "Y800": "Y800", "AR24": "ARGB", "BA24": "ARGB", "ARGB": "ARGB",
    "XR24": "XRGB", "BX24": "XRGB", "XRGB": "XRGB",
}  # fmt: skip

# What people write for --dformat, to what drivers call it.
FOURCC_ALIASES = {"MJPEG": "MJPG", "YUY2": "YUYV", "I420": "YU12", "Y800": "GREY"}


@dataclass(frozen=True, slots=True)
class Mode:
    """One of a camera's capabilities: a pixel format with a size and a rate, each fixed or a range.

    Sizes are in pixels, rates in frames per second. fourcc: the system's four-letter code.
    """

    fourcc: str
    min_width: int
    min_height: int
    max_width: int
    max_height: int
    min_fps: float
    max_fps: float

    @property
    def format_name(self) -> str:
        """OpenSeeFace's name of the pixel format."""
        return FORMAT_NAMES.get(self.fourcc, "Unknown")

    def offers(self, width: int, height: int) -> bool:
        """Whether this mode can deliver that size."""
        return self.min_width <= width <= self.max_width and self.min_height <= height <= self.max_height


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """The requested mode. 0 and None leave the choice to the camera."""

    width: int = 0
    height: int = 0
    fps: float = 0.0
    fourcc: str | None = None


Setting = float | Literal["auto"] | None
"""A value in the camera's own unit, ``auto``, or None to leave it unchanged."""


@dataclass(frozen=True, slots=True)
class CameraControls:
    """Requested controls. powerline: mains frequency in Hz (50 or 60) whose flicker is suppressed; 0 = off."""

    exposure: Setting = None
    gain: float | None = None
    focus: Setting = None
    powerline: Literal[0, 50, 60, "auto"] | None = None


def parse_fourcc(text: str) -> str:
    """The user's --dformat as a fourcc: ``mjpeg`` and ``MJPG`` both give ``MJPG``. Raises SettingsError."""
    upper = text.strip().upper()
    fourcc = FOURCC_ALIASES.get(upper, upper)
    if len(fourcc) != 4 or not fourcc.isascii() or not fourcc.isprintable():
        raise SettingsError(f"--dformat {text!r} is not a pixel format; use four letters such as MJPG or YUYV")
    return fourcc


def apply_capability(modes: Sequence[Mode], dcap: int, request: CaptureRequest) -> CaptureRequest:
    """Narrow `request` to capability line `dcap` as ``--list-dcaps`` numbers them; -1 is the camera's default.

    Within a ranged capability the requested size and rate are kept as far as the range allows.
    Raises SettingsError for a line that does not exist.
    """
    if dcap == -1:
        return CaptureRequest()
    if not 0 <= dcap < len(modes):
        raise SettingsError(
            f"--dcap {dcap}: this camera has capabilities 0 to {len(modes) - 1}; --list-dcaps -1 shows them"
        )
    mode = modes[dcap]
    return CaptureRequest(
        width=min(max(request.width, mode.min_width), mode.max_width),
        height=min(max(request.height, mode.min_height), mode.max_height),
        fps=min(max(request.fps, mode.min_fps), mode.max_fps) if request.fps > 0 else mode.max_fps,
        fourcc=mode.fourcc,
    )


def choose_fourcc(modes: Sequence[Mode], request: CaptureRequest) -> str | None:
    """The pixel format to ask for when the user named none; None where nothing is known to be better.

    Many cameras list an uncompressed format first that reaches only 5 frames per second at larger sizes. Therefore: an
    uncompressed format (cheapest to convert to BGR) if one reaches the requested rate, else MJPEG if that is faster.
    """
    wanted_fps = request.fps or 30.0
    best: dict[str, float] = {}
    for mode in modes:
        if mode.offers(request.width, request.height):
            best[mode.fourcc] = max(best.get(mode.fourcc, 0.0), mode.max_fps)
    plain = {fourcc: fps for fourcc, fps in best.items() if FORMAT_NAMES.get(fourcc) in ("YUY2", "UYVY", "NV12")}
    for fourcc, fps in plain.items():
        if fps >= wanted_fps - 0.5:
            return fourcc
    if best.get("MJPG", 0.0) > max(plain.values(), default=0.0):
        return "MJPG"
    return None
