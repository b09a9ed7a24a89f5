"""Queries Video4Linux nodes through the kernel's interface.

Structures and numbers are those of the kernel's ``linux/videodev2.h``.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tracker.capture.camera.modes import Mode

Ioctl = Callable[[int, int, Any], Any]
"""(file descriptor, request, structure filled in place); raises OSError. ``fcntl.ioctl`` or a test's camera."""

_U32 = ctypes.c_uint32
_Structure = TypeVar("_Structure", bound=ctypes.Structure)


class Capability(ctypes.Structure):
    """struct v4l2_capability"""

    _fields_ = [
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", _U32),
        ("capabilities", _U32),
        ("device_caps", _U32),
        ("reserved", _U32 * 3),
    ]


class FormatDescription(ctypes.Structure):
    """struct v4l2_fmtdesc"""

    _fields_ = [
        ("index", _U32),
        ("type", _U32),
        ("flags", _U32),
        ("description", ctypes.c_char * 32),
        ("pixelformat", _U32),
        ("reserved", _U32 * 4),
    ]


class FrameSizes(ctypes.Structure):
    """struct v4l2_frmsizeenum. sizes: width, height; or min, max, step of the width, then of the height."""

    _fields_ = [
        ("index", _U32),
        ("pixel_format", _U32),
        ("type", _U32),
        ("sizes", _U32 * 6),
        ("reserved", _U32 * 2),
    ]


class FrameIntervals(ctypes.Structure):
    """struct v4l2_frmivalenum. fractions: numerator, denominator; or those of min, max and step."""

    _fields_ = [
        ("index", _U32),
        ("pixel_format", _U32),
        ("width", _U32),
        ("height", _U32),
        ("type", _U32),
        ("fractions", _U32 * 6),
        ("reserved", _U32 * 2),
    ]


class Control(ctypes.Structure):
    """struct v4l2_control"""

    _fields_ = [("id", _U32), ("value", ctypes.c_int32)]


def _request(read: bool, write: bool, number: int, structure: type[ctypes.Structure]) -> int:
    """The kernel's _IOC for type 'V'."""
    return (read << 31) | (write << 30) | (ctypes.sizeof(structure) << 16) | (ord("V") << 8) | number


QUERYCAP = _request(True, False, 0, Capability)
ENUM_FMT = _request(True, True, 2, FormatDescription)
S_CTRL = _request(True, True, 28, Control)
ENUM_FRAMESIZES = _request(True, True, 74, FrameSizes)
ENUM_FRAMEINTERVALS = _request(True, True, 75, FrameIntervals)

CAP_VIDEO_CAPTURE = 0x00000001
CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
CAP_DEVICE_CAPS = 0x80000000
BUF_TYPE_CAPTURE = 1
BUF_TYPE_CAPTURE_MPLANE = 9
DISCRETE = 1
CID_POWER_LINE_FREQUENCY = 0x00980918


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node's self-description. captures: whether images can be read from it (not from metadata nodes)."""

    card: str
    captures: bool
    modes: tuple[Mode, ...]


def query_node(path: Path, ioctl: Ioctl = fcntl.ioctl) -> NodeReport:
    """Query the node at `path`. Raises OSError when it cannot be opened or is not a Video4Linux node."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        capability = Capability()
        ioctl(descriptor, QUERYCAP, capability)
        # For a device with several nodes `capabilities` describes all of them, `device_caps` this one.
        has_own = capability.capabilities & CAP_DEVICE_CAPS
        flags = capability.device_caps if has_own else capability.capabilities
        captures = bool(flags & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE))
        buffers = BUF_TYPE_CAPTURE if flags & CAP_VIDEO_CAPTURE else BUF_TYPE_CAPTURE_MPLANE
        modes = tuple(_modes(descriptor, buffers, ioctl)) if captures else ()
        return NodeReport(capability.card.decode(errors="replace"), captures, modes)
    finally:
        os.close(descriptor)


def set_powerline(path: str, value: int) -> bool:
    """Set the mains frequency the camera corrects for: 0 off, 1 50 Hz, 2 60 Hz, 3 automatic. False = refused."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.ioctl(descriptor, S_CTRL, Control(CID_POWER_LINE_FREQUENCY, value))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _enumerate(descriptor: int, request: int, make: Callable[[int], _Structure], ioctl: Ioctl) -> Iterator[_Structure]:
    """Entries 0, 1, 2 ... of one of the kernel's lists, until it reports the end."""
    for index in range(1024):  # drivers have been seen that never end a list
        entry = make(index)
        try:
            ioctl(descriptor, request, entry)
        except OSError as error:
            # EINVAL is the end, ENOTTY an unsupported request, anything else an unplugged camera.
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return
            raise
        yield entry


def _modes(descriptor: int, buffers: int, ioctl: Ioctl) -> Iterator[Mode]:
    def description(index: int) -> FormatDescription:
        return FormatDescription(index=index, type=buffers)

    for form in _enumerate(descriptor, ENUM_FMT, description, ioctl):
        pixel_format = form.pixelformat

        def sizes(index: int, pixel_format: int = pixel_format) -> FrameSizes:
            return FrameSizes(index=index, pixel_format=pixel_format)

        fourcc = pixel_format.to_bytes(4, "little").decode("latin-1").rstrip("\0 ")
        for size in _enumerate(descriptor, ENUM_FRAMESIZES, sizes, ioctl):
            if size.type == DISCRETE:
                small = large = (size.sizes[0], size.sizes[1])
            else:
                small, large = (size.sizes[0], size.sizes[3]), (size.sizes[1], size.sizes[4])
            slowest, fastest = _rates(descriptor, pixel_format, large, ioctl)
            yield Mode(fourcc, *small, *large, slowest, fastest)
            if size.type != DISCRETE:
                break  # a range is the only entry


def _rates(descriptor: int, pixel_format: int, size: tuple[int, int], ioctl: Ioctl) -> tuple[float, float]:
    """Lowest and highest rate of one format and size; (0, 0) if the driver does not report them."""

    def intervals(index: int) -> FrameIntervals:
        return FrameIntervals(index=index, pixel_format=pixel_format, width=size[0], height=size[1])

    rates: list[float] = []
    for entry in _enumerate(descriptor, ENUM_FRAMEINTERVALS, intervals, ioctl):
        fractions = entry.fractions
        ends = (0,) if entry.type == DISCRETE else (0, 2)
        rates += [fractions[end + 1] / fractions[end] for end in ends if fractions[end]]
        if entry.type != DISCRETE:
            break
    return (min(rates), max(rates)) if rates else (0.0, 0.0)
