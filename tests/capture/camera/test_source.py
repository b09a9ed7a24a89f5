from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.capture.camera import source as camera_module
from tracker.capture.camera.devices import CameraDevice, CameraSelector, Opening
from tracker.capture.camera.modes import CameraControls, CaptureRequest, Mode
from tracker.capture.camera.source import CameraSource
from tracker.capture.clock import FrameClock
from tracker.errors import CaptureError

MODES = (
    Mode("YUYV", 640, 360, 640, 360, 5.0, 30.0),
    Mode("YUYV", 1280, 720, 1280, 720, 5.0, 5.0),
    Mode("MJPG", 1280, 720, 1280, 720, 5.0, 30.0),
)
WEBCAM = CameraDevice(0, "Webcam", "/dev/video0", "id", MODES, (Opening("V4L2", "/dev/video0"),))
NO_WISHES = CaptureRequest()
MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))
YUYV = float(cv2.VideoWriter.fourcc(*"YUYV"))


@pytest.fixture
def source_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., CameraSource]:
    """A source on `camera` whose openings give `captures` in turn."""
    monkeypatch.setattr(camera_module, "RETRY_PAUSE_S", 0.0)

    def make(
        captures: Sequence[Any], request: CaptureRequest = NO_WISHES, camera: CameraDevice = WEBCAM, **options: Any
    ) -> CameraSource:
        left = list(captures)
        finder = CameraSelector("0", lambda: [camera])
        return CameraSource(finder, request, FrameClock(), opener=lambda *_: left.pop(0), **options)

    return make


def test_format_size_and_rate_are_asked_for_in_this_order_with_a_queue_of_one(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    capture = fake_capture([make_picture(1280, 720)], fps=30, fourcc=MJPG)
    line = source_of([capture], CaptureRequest(1280, 720, 24, "MJPG")).open()
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, MJPG),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 24),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]
    assert line == "camera 0 (Webcam, V4L2): 1280x720 at 30 frames/s, MJPG, asked for 24 frames/s"


def test_what_was_refused_is_told_in_the_line(source_of: Any, fake_capture: Any, make_picture: Any) -> None:
    capture = fake_capture([make_picture(640, 480)], fps=15, fourcc=YUYV)
    line = source_of([capture], CaptureRequest(1920, 1080, 30, "MJPG")).open()
    assert line == "camera 0 (Webcam, V4L2): 640x480 at 15 frames/s, YUYV, asked for 1920x1080 30 frames/s MJPG"


def test_without_a_wish_the_format_that_reaches_the_rate_is_asked_for(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    capture = fake_capture([make_picture()])
    source_of([capture], CaptureRequest(1280, 720, 24)).open()
    assert capture.asked[0] == (cv2.CAP_PROP_FOURCC, MJPG)


def test_dcap_minus_one_asks_for_no_format_size_or_rate(source_of: Any, fake_capture: Any, make_picture: Any) -> None:
    capture = fake_capture([make_picture()])
    source_of([capture], CaptureRequest(640, 360, 24, "MJPG"), dcap=-1).open()
    assert capture.asked == [(cv2.CAP_PROP_BUFFERSIZE, 1)]


def test_dcap_without_known_capabilities_falls_back_to_size_and_rate(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    unknown = CameraDevice(0, "Webcam", "path", None, None, (Opening("DSHOW", 0),))
    capture = fake_capture([make_picture()])
    source_of([capture], CaptureRequest(1920, 1080, 30), camera=unknown, dcap=0).open()
    assert (cv2.CAP_PROP_FRAME_WIDTH, 1920) in capture.asked


def test_windows_gets_its_own_letters_for_yuyv_and_directshow_when_media_foundation_fails(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    both = CameraDevice(0, "Webcam", "path", "id", None, (Opening("MSMF", 1), Opening("DSHOW", 0)))
    closed, capture = fake_capture([], is_open=False), fake_capture([make_picture()])
    line = source_of([closed, capture], CaptureRequest(fourcc="YUYV"), camera=both).open()
    assert "DSHOW" in line
    assert closed.released
    assert capture.asked[0] == (cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"YUY2")))


def test_controls_are_set_and_reported_as_granted_or_refused(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    capture = fake_capture([make_picture()], exposure=150, gain=3)
    capture.refused = {cv2.CAP_PROP_GAIN}
    controls = CameraControls(exposure=155.0, gain=7.0, focus="auto")
    line = source_of([capture], controls=controls).open()
    assert line.endswith(", exposure 150, gain 7 refused, focus auto")
    assert (cv2.CAP_PROP_AUTO_EXPOSURE, 1.0) in capture.asked
    assert (cv2.CAP_PROP_AUTOFOCUS, 1.0) in capture.asked


def test_a_camera_that_opens_but_gives_nothing_is_called_busy(source_of: Any, fake_capture: Any) -> None:
    capture = fake_capture([])
    with pytest.raises(CaptureError) as caught:
        source_of([capture]).open()
    assert str(caught.value) == (
        "camera 0 (Webcam) could not be used: it gives no picture; another program may be using it"
    )
    assert capture.released


def test_a_camera_without_its_node_is_called_unplugged(source_of: Any, fake_capture: Any) -> None:
    gone = CameraDevice(0, "Webcam", "/dev/no such node", "id", None, (Opening("V4L2", "/dev/no such node"),))
    with pytest.raises(CaptureError, match="could not be used"):
        source_of([fake_capture([], is_open=False)], camera=gone).open()


def test_slow_starters_get_a_few_tries(source_of: Any, fake_capture: Any, make_picture: Any) -> None:
    assert "32x24" in source_of([fake_capture([None, None, make_picture()])]).open()


def test_single_failed_reads_are_forgiven(source_of: Any, fake_capture: Any, make_picture: Any) -> None:
    source = source_of([fake_capture([make_picture(), None, None, make_picture(value=7)])])
    source.open()
    frame = source.read()
    assert frame.bgr[0, 0, 0] == 7
    assert not frame.bgr.flags.writeable


def test_an_unplugged_camera_is_lost_at_the_third_failed_read(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    capture = fake_capture([make_picture(), None, None, None, make_picture()])
    source = source_of([capture])
    source.open()
    with pytest.raises(CaptureError, match="camera 'Webcam' gives no more pictures"):
        source.read()
    assert len(capture.pictures) == 1


def test_another_size_after_reopening_is_delivered_as_it_is(
    source_of: Any, fake_capture: Any, make_picture: Any
) -> None:
    source = source_of([fake_capture([make_picture(64, 48)] * 2), fake_capture([make_picture(32, 24)] * 2)])
    source.open()
    before = source.read()
    source.close()
    source.open()
    after = source.read()
    assert [(frame.index, frame.width) for frame in (before, after)] == [(0, 64), (1, 32)]
    assert after.unix_time > before.unix_time


def test_pictures_above_the_rate_are_not_even_decoded(
    source_of: Any, fake_capture: Any, make_picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = fake_capture([make_picture()] * 62)
    source = source_of([capture], CaptureRequest(fps=20))
    source.open()
    ticks = itertools.count(1, 1)  # two readings of the clock per picture, at 60 pictures a second
    monkeypatch.setattr(camera_module.time, "monotonic_ns", lambda: next(ticks) * 1_000_000_000 // 120)
    frames = [source.read() for _ in range(20)]
    assert frames[-1].media_s == pytest.approx(19 / 20, abs=0.03)
    assert capture.retrieved == 1 + 20


def test_grey_pictures_become_bgr(source_of: Any, fake_capture: Any) -> None:
    source = source_of([fake_capture([np.full((24, 32), 9, np.uint8)] * 2)])
    source.open()
    assert source.read().bgr.shape == (24, 32, 3)


def test_sixteen_bit_pictures_are_refused_with_a_reason(source_of: Any, fake_capture: Any) -> None:
    with pytest.raises(CaptureError, match=r"shape \(24, 32\) and type uint16 are not supported"):
        source_of([fake_capture([np.zeros((24, 32), np.uint16)])]).open()


def test_reading_before_opening_is_an_error_not_a_crash(source_of: Any) -> None:
    with pytest.raises(CaptureError, match="camera 0 is not open"):
        source_of([]).read()
