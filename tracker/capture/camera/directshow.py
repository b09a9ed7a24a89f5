"""The modes of DirectShow cameras: a few COM calls, made through ctypes.

Interfaces, structures and identifiers are those of the Windows SDK's ``strmif.h`` and ``uuids.h``. A method is
called by its place in the interface's table of functions, counted from IUnknown's first.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from tracker.capture.camera.modes import Mode

_HUNDRED_NS = 1e7
_RGB_SUBTYPES = {
    # MEDIASUBTYPE_* whose identifier does not begin with a fourcc.
    UUID("773c9ac0-3274-11d0-b724-00aa006c1a01"): "ARGB",
    UUID("e436eb7e-524f-11ce-9f53-0020af0ba770"): "XRGB",
    UUID("e436eb7d-524f-11ce-9f53-0020af0ba770"): "RGB3",
}
_VIDEO_INFO = UUID("05589f80-c356-11ce-bf01-00aa0055595a")
_VIDEO_INFO_2 = UUID("f72a76a0-eb0a-11d0-ace4-0000c0cc16ba")


class Guid(ctypes.Structure):
    """GUID"""

    _fields_: ClassVar[Any] = [("bytes", ctypes.c_ubyte * 16)]

    @classmethod
    def of(cls, text: str) -> Guid:
        return cls.from_buffer_copy(UUID(text).bytes_le)

    def as_uuid(self) -> UUID:
        return UUID(bytes_le=bytes(self.bytes))


class Size(ctypes.Structure):
    """SIZE"""

    _fields_: ClassVar[Any] = [("width", ctypes.c_int32), ("height", ctypes.c_int32)]


class MediaType(ctypes.Structure):
    """AM_MEDIA_TYPE"""

    _fields_: ClassVar[Any] = [
        ("major", Guid),
        ("sub", Guid),
        ("fixed_size", ctypes.c_int32),
        ("compressed", ctypes.c_int32),
        ("sample_size", ctypes.c_uint32),
        ("format_type", Guid),
        ("unknown", ctypes.c_void_p),
        ("format_bytes", ctypes.c_uint32),
        ("format", ctypes.c_void_p),
    ]


class StreamCaps(ctypes.Structure):
    """VIDEO_STREAM_CONFIG_CAPS"""

    _fields_: ClassVar[Any] = [
        ("format_type", Guid),
        ("video_standard", ctypes.c_uint32),
        ("input", Size),
        ("min_cropping", Size),
        ("max_cropping", Size),
        ("cropping_steps", ctypes.c_int32 * 4),
        ("min_output", Size),
        ("max_output", Size),
        ("output_steps", ctypes.c_int32 * 2),
        ("stretch_and_shrink", ctypes.c_int32 * 4),
        ("min_interval", ctypes.c_int64),
        ("max_interval", ctypes.c_int64),
        ("bits_per_second", ctypes.c_int32 * 2),
    ]


SYSTEM_DEVICE_ENUM = Guid.of("62be5d10-60eb-11d0-bd3b-00a0c911ce86")
I_CREATE_DEV_ENUM = Guid.of("29840822-5b84-11d0-bd3b-00a0c911ce86")
VIDEO_INPUT_DEVICES = Guid.of("860bb310-5d01-11d0-bd3b-00a0c911ce86")
I_BASE_FILTER = Guid.of("56a86895-0ad4-11ce-b03a-0020af0ba770")
I_AM_STREAM_CONFIG = Guid.of("c6e13340-30ac-11d0-a18c-00a0c9118956")

# How methods are called. Off Windows only the tests' interfaces are there to be called.
_METHOD: Any = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)

# Places in the tables of functions.
QUERY_INTERFACE, RELEASE = 0, 2
CREATE_CLASS_ENUMERATOR = 3
ENUM_NEXT = 3
BIND_TO_OBJECT = 8
ENUM_PINS = 10
PIN_QUERY_DIRECTION = 9
GET_CAPABILITY_COUNT, GET_CAPABILITY = 5, 6
PIN_OUTPUT = 1


def mode_of(caps: StreamCaps, subtype: UUID, current: Size | None, current_interval: int) -> Mode:
    """One capability as a `Mode`.

    current: size of the capability's own format, for drivers that leave the ranges empty; None = unknown.
    """
    small, large = caps.min_output, caps.max_output
    if current is not None and (large.width <= 0 or large.height <= 0):
        small = large = current
    shortest = caps.min_interval or current_interval
    longest = caps.max_interval or current_interval
    fourcc = _RGB_SUBTYPES.get(subtype) or subtype.bytes_le[:4].decode("latin-1").strip("\0 ")
    return Mode(
        fourcc={"YUY2": "YUYV"}.get(fourcc, fourcc),
        min_width=small.width,
        min_height=abs(small.height),
        max_width=large.width,
        max_height=abs(large.height),
        min_fps=_HUNDRED_NS / longest if longest > 0 else 0.0,
        max_fps=_HUNDRED_NS / shortest if shortest > 0 else 0.0,
    )


def list_modes() -> list[tuple[Mode, ...] | None]:
    """The modes of every video input, in DirectShow's order; None for one whose driver does not answer.

    Raises OSError where DirectShow itself does not answer.
    """
    ole32 = ctypes.OleDLL("ole32")  # type: ignore[attr-defined,unused-ignore]
    initialised = ctypes.WinDLL("ole32").CoInitializeEx(None, 0) >= 0  # type: ignore[attr-defined,unused-ignore]
    try:
        enumerator = ctypes.c_void_p()
        in_process_server = 1
        ole32.CoCreateInstance(
            ctypes.byref(SYSTEM_DEVICE_ENUM),
            None,
            in_process_server,
            ctypes.byref(I_CREATE_DEV_ENUM),
            ctypes.byref(enumerator),
        )
        with _held(enumerator):
            return [modes_of(moniker) for moniker in _devices(enumerator)]
    finally:
        if initialised:
            ctypes.WinDLL("ole32").CoUninitialize()  # type: ignore[attr-defined,unused-ignore]


def _call(interface: ctypes.c_void_p, place: int, *arguments: object) -> int:
    """Call the method at `place`; its HRESULT. Raises OSError for a failure."""
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    types = [ctypes.c_void_p if isinstance(a, ctypes.c_void_p) else type(a) for a in arguments]
    result = int(_METHOD(ctypes.c_int32, ctypes.c_void_p, *types)(table[place])(interface, *arguments))
    if result < 0:
        raise OSError(f"COM call failed with 0x{result & 0xFFFFFFFF:08X}")
    return result


def _pointer(target: ctypes.Structure | ctypes._SimpleCData[Any] | ctypes.Array[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(ctypes.addressof(target))


@contextmanager
def _held(interface: ctypes.c_void_p) -> Iterator[ctypes.c_void_p]:
    """Release the interface at the end of the block."""
    try:
        yield interface
    finally:
        if interface:
            _call(interface, RELEASE)


def _each(enumerator: ctypes.c_void_p) -> Iterator[ctypes.c_void_p]:
    """What an IEnum... interface lists, each released after its turn."""
    while True:
        item, fetched = ctypes.c_void_p(), ctypes.c_ulong()
        if _call(enumerator, ENUM_NEXT, ctypes.c_ulong(1), _pointer(item), _pointer(fetched)) != 0 or not item:
            return
        with _held(item):
            yield item


def _devices(device_enum: ctypes.c_void_p) -> Iterator[ctypes.c_void_p]:
    """The video inputs as IMoniker."""
    monikers = ctypes.c_void_p()
    _call(device_enum, CREATE_CLASS_ENUMERATOR, _pointer(VIDEO_INPUT_DEVICES), _pointer(monikers), ctypes.c_ulong(0))
    if not monikers:  # S_FALSE: there is none
        return
    with _held(monikers):
        yield from _each(monikers)


def modes_of(moniker: ctypes.c_void_p) -> tuple[Mode, ...] | None:
    """The modes of one camera's output pins; None where its driver cannot be loaded or fails."""
    try:
        camera = ctypes.c_void_p()
        nothing = ctypes.c_void_p()
        _call(moniker, BIND_TO_OBJECT, nothing, nothing, _pointer(I_BASE_FILTER), _pointer(camera))
        with _held(camera):
            pins = ctypes.c_void_p()
            _call(camera, ENUM_PINS, _pointer(pins))
            with _held(pins):
                return tuple(mode for pin in _each(pins) for mode in _pin_modes(pin))
    except OSError:
        return None


def _pin_modes(pin: ctypes.c_void_p) -> Iterator[Mode]:
    direction = ctypes.c_int()
    _call(pin, PIN_QUERY_DIRECTION, _pointer(direction))
    if direction.value != PIN_OUTPUT:
        return
    config = ctypes.c_void_p()
    try:
        _call(pin, QUERY_INTERFACE, _pointer(I_AM_STREAM_CONFIG), _pointer(config))
    except OSError:
        return  # a pin that cannot be configured
    with _held(config):
        count, size = ctypes.c_int(), ctypes.c_int()
        _call(config, GET_CAPABILITY_COUNT, _pointer(count), _pointer(size))
        if size.value != ctypes.sizeof(StreamCaps):
            return  # audio
        for index in range(count.value):
            media, caps = ctypes.c_void_p(), StreamCaps()
            _call(config, GET_CAPABILITY, ctypes.c_int(index), _pointer(media), _pointer(caps))
            if not media.value:  # S_FALSE: there are fewer than were counted
                return
            kind = MediaType.from_address(media.value)
            try:
                yield mode_of(caps, kind.sub.as_uuid(), *_current(kind))
            finally:
                _free(media, kind)


def _current(kind: MediaType) -> tuple[Size | None, int]:
    """Size and frame interval in the media type's VIDEOINFOHEADER(2)."""
    header = {_VIDEO_INFO: 48, _VIDEO_INFO_2: 72}.get(kind.format_type.as_uuid())
    if header is None or not kind.format or kind.format_bytes < header + 12:
        return None, 0
    # Both begin with two RECT and two DWORD, then the interval; BITMAPINFOHEADER follows the header.
    interval = ctypes.c_int64.from_address(kind.format + 40).value
    size = Size.from_buffer_copy(ctypes.string_at(kind.format + header + 4, ctypes.sizeof(Size)))
    return size, interval


def _free(media: ctypes.c_void_p, kind: MediaType) -> None:
    """DeleteMediaType of the SDK's base classes."""
    if kind.format:
        _task_free(ctypes.c_void_p(kind.format))
    if kind.unknown:
        _call(ctypes.c_void_p(kind.unknown), RELEASE)
    _task_free(media)


def _task_free(memory: ctypes.c_void_p) -> None:
    ctypes.WinDLL("ole32").CoTaskMemFree(memory)  # type: ignore[attr-defined,unused-ignore]
