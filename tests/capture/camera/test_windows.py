"""What can be checked of the Windows side anywhere: the joining of the lists, and the COM calls against fakes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tracker.capture.camera import directshow
from tracker.capture.camera.devices import Opening
from tracker.capture.camera.modes import Mode
from tracker.capture.camera.windows import combine, device_of

DSHOW_PATH = r"\\?\usb#vid_046d&pid_082d&mi_00#6&1a#{65e8773d-8f56-11d0-a3b9-00a0c9223196}\global"
MSMF_PATH = r"\\?\USB#VID_046D&PID_082D&MI_00#6&1a#{e5323777-f976-4f5b-9b55-b94699c46e44}\GLOBAL"
HD = Mode("MJPG", 1280, 720, 1280, 720, 5.0, 30.0)


def test_a_camera_both_systems_know_is_opened_through_media_foundation_first() -> None:
    virtual, webcam = combine([(0, "OBS Virtual Camera", ""), (1, "C920\n", DSHOW_PATH)], [(0, MSMF_PATH)], [(), (HD,)])
    assert virtual.openings == (Opening("DSHOW", 0),)
    assert webcam.openings == (Opening("MSMF", 0), Opening("DSHOW", 1))
    assert (webcam.index, webcam.name, webcam.modes) == (1, "C920", (HD,))
    assert virtual.stable_id is None
    assert webcam.stable_id == device_of(MSMF_PATH)


@pytest.mark.parametrize("modes", [None, [(HD,), (HD,)]])
def test_modes_that_do_not_match_the_list_are_unknown(modes: Any) -> None:
    (camera,) = combine([(0, "C920", DSHOW_PATH)], [], modes)
    assert camera.modes is None


def stream_caps(low: tuple[int, int], high: tuple[int, int], shortest: int, longest: int) -> directshow.StreamCaps:
    return directshow.StreamCaps(
        min_output=directshow.Size(*low),
        max_output=directshow.Size(*high),
        min_interval=shortest,
        max_interval=longest,
    )


MJPG_SUBTYPE = UUID("47504a4d-0000-0010-8000-00aa00389b71")
YUY2_SUBTYPE = UUID("32595559-0000-0010-8000-00aa00389b71")
RGB32_SUBTYPE = UUID("e436eb7e-524f-11ce-9f53-0020af0ba770")


def test_a_capability_becomes_a_mode_with_rates_from_intervals_of_100_ns() -> None:
    caps = stream_caps((1280, 720), (1280, 720), 333333, 2000000)
    mode = directshow.mode_of(caps, MJPG_SUBTYPE, None, 0)
    assert (mode.fourcc, mode.format_name, mode.max_width, mode.max_height) == ("MJPG", "MJPEG", 1280, 720)
    assert (mode.min_fps, mode.max_fps) == (pytest.approx(5.0), pytest.approx(30.0, abs=1e-3))


def test_yuy2_and_rgb_have_names_though_windows_writes_them_otherwise() -> None:
    caps = stream_caps((160, 120), (1920, 1080), 166666, 1333333)
    names = [directshow.mode_of(caps, sub, None, 0).format_name for sub in (YUY2_SUBTYPE, RGB32_SUBTYPE)]
    assert names == ["YUY2", "XRGB"]


def test_a_driver_that_leaves_the_ranges_empty_is_taken_by_its_own_format() -> None:
    mode = directshow.mode_of(directshow.StreamCaps(), YUY2_SUBTYPE, directshow.Size(640, -480), 400000)
    assert mode == Mode("YUYV", 640, 480, 640, 480, 25.0, 25.0)


def test_structures_have_the_sizes_of_the_windows_sdk() -> None:
    assert ctypes.sizeof(directshow.StreamCaps) == 128
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        assert ctypes.sizeof(directshow.MediaType) == 88


class FakeInterface:
    """A COM object in this process: a table of functions, of which a test fills the places it needs."""

    def __init__(self) -> None:
        self._table = (ctypes.c_void_p * 16)()
        self._object = (ctypes.c_void_p * 1)(ctypes.addressof(self._table))
        self._kept: list[Any] = []
        self.released = 0
        self.method(directshow.RELEASE, self._release)

    @property
    def address(self) -> int:
        return ctypes.addressof(self._object)

    def method(self, place: int, function: Callable[..., int], *types: Any) -> None:
        callback = directshow._METHOD(ctypes.c_int32, ctypes.c_void_p, *types)(function)
        self._kept.append(callback)
        self._table[place] = ctypes.cast(callback, ctypes.c_void_p).value

    def _release(self, this: int) -> int:
        self.released += 1
        return 0


def store(address: int, value: int) -> None:
    ctypes.c_void_p.from_address(address).value = value


class FakePin(FakeInterface):
    """An output pin with one 720p MJPEG capability. counted: how many it says there are."""

    def __init__(self, counted: int = 1) -> None:
        super().__init__()
        self.counted = counted
        self.config = FakeInterface()
        self.media = directshow.MediaType(sub=directshow.Guid.from_buffer_copy(MJPG_SUBTYPE.bytes_le))
        self.caps = stream_caps((1280, 720), (1280, 720), 333333, 333333)
        address = ctypes.c_void_p
        self.method(directshow.QUERY_INTERFACE, self._query, address, address)
        self.method(directshow.PIN_QUERY_DIRECTION, self._direction, address)
        self.config.method(directshow.GET_CAPABILITY_COUNT, self._count, address, address)
        self.config.method(directshow.GET_CAPABILITY, self._capability, ctypes.c_int, address, address)

    def _query(self, this: int, interface: int, result: int) -> int:
        assert ctypes.string_at(interface, 16) == bytes(directshow.I_AM_STREAM_CONFIG.bytes)
        store(result, self.config.address)
        return 0

    def _direction(self, this: int, result: int) -> int:
        ctypes.c_int.from_address(result).value = directshow.PIN_OUTPUT
        return 0

    def _count(self, this: int, count: int, size: int) -> int:
        ctypes.c_int.from_address(count).value = self.counted
        ctypes.c_int.from_address(size).value = ctypes.sizeof(directshow.StreamCaps)
        return 0

    def _capability(self, this: int, index: int, media: int, caps: int) -> int:
        if index:
            return 1  # S_FALSE, and nothing is stored
        store(media, ctypes.addressof(self.media))
        ctypes.memmove(caps, ctypes.addressof(self.caps), ctypes.sizeof(self.caps))
        return 0


class FakeCamera(FakeInterface):
    """A moniker that binds to a filter with one pin; all three are this class's interfaces."""

    def __init__(self, bind_result: int = 0) -> None:
        super().__init__()
        self.filter, self.pins, self.pin = FakeInterface(), FakeInterface(), FakePin()
        self.bind_result = bind_result
        self._left = [self.pin]
        address = ctypes.c_void_p
        self.method(directshow.BIND_TO_OBJECT, self._bind, address, address, address, address)
        self.filter.method(directshow.ENUM_PINS, self._enum, address)
        self.pins.method(directshow.ENUM_NEXT, self._next, ctypes.c_ulong, address, address)

    def _bind(self, this: int, context: int, left: int, interface: int, result: int) -> int:
        store(result, self.filter.address)
        return self.bind_result

    def _enum(self, this: int, result: int) -> int:
        store(result, self.pins.address)
        return 0

    def _next(self, this: int, count: int, item: int, fetched: int) -> int:
        if not self._left:
            return 1
        store(item, self._left.pop().address)
        return 0


def test_a_camera_is_asked_pin_by_pin_and_everything_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int | None] = []
    monkeypatch.setattr(directshow, "_task_free", lambda memory: freed.append(memory.value))
    camera = FakeCamera()
    modes = directshow.modes_of(ctypes.c_void_p(camera.address))
    assert modes is not None
    assert [(mode.fourcc, mode.max_width, round(mode.max_fps)) for mode in modes] == [("MJPG", 1280, 30)]
    assert [held.released for held in (camera.filter, camera.pins, camera.pin, camera.pin.config)] == [1, 1, 1, 1]
    assert freed == [ctypes.addressof(camera.pin.media)]


def test_a_driver_that_counts_more_modes_than_it_has_costs_only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directshow, "_task_free", lambda memory: None)
    camera = FakeCamera()
    camera.pin.counted = 3
    modes = directshow.modes_of(ctypes.c_void_p(camera.address))
    assert modes is not None
    assert [mode.fourcc for mode in modes] == ["MJPG"]
    assert camera.pin.config.released == 1


def test_a_camera_whose_driver_fails_has_unknown_modes() -> None:
    not_available = -2147467259  # E_FAIL
    assert directshow.modes_of(ctypes.c_void_p(FakeCamera(not_available).address)) is None


@pytest.mark.skipif(sys.platform != "win32", reason="needs DirectShow")
def test_windows_answers_with_or_without_cameras() -> None:
    from tracker.capture.camera.devices import list_cameras

    assert [camera.index for camera in list_cameras()] == list(range(len(list_cameras())))
    assert isinstance(directshow.list_modes(), list)
