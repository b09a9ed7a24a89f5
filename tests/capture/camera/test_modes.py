from __future__ import annotations

import pytest

from tracker.capture.camera.modes import CaptureRequest, Mode, apply_capability, choose_fourcc, parse_fourcc
from tracker.errors import SettingsError


def fixed(fourcc: str, width: int, height: int, fps: float) -> Mode:
    return Mode(fourcc, width, height, width, height, 5.0, fps)


WEBCAM = (
    fixed("YUYV", 640, 360, 30.0),
    fixed("YUYV", 1280, 720, 5.0),
    fixed("MJPG", 640, 360, 30.0),
    fixed("MJPG", 1280, 720, 30.0),
)


@pytest.mark.parametrize(
    ("text", "fourcc"), [("MJPG", "MJPG"), ("mjpeg", "MJPG"), ("YUY2", "YUYV"), (" nv12 ", "NV12")]
)
def test_dformat_takes_the_names_people_write(text: str, fourcc: str) -> None:
    assert parse_fourcc(text) == fourcc


@pytest.mark.parametrize("text", ["", "JPG", "MJPEG2000", "MJ\u00d6G"])
def test_dformat_that_is_no_format_is_a_wrong_argument(text: str) -> None:
    with pytest.raises(SettingsError, match="four letters such as MJPG"):
        parse_fourcc(text)


def test_uncompressed_is_preferred_while_it_is_fast_enough() -> None:
    assert choose_fourcc(WEBCAM, CaptureRequest(640, 360, 24)) == "YUYV"


def test_mjpeg_is_chosen_where_raw_pictures_come_too_slowly() -> None:
    assert choose_fourcc(WEBCAM, CaptureRequest(1280, 720, 24)) == "MJPG"


def test_a_size_that_no_mode_has_leaves_the_format_to_the_camera() -> None:
    assert choose_fourcc(WEBCAM, CaptureRequest(333, 222, 24)) is None


def test_capability_line_replaces_size_and_format_and_caps_the_rate() -> None:
    assert apply_capability(WEBCAM, 1, CaptureRequest(1920, 1080, 30)) == CaptureRequest(1280, 720, 5.0, "YUYV")


def test_ranged_capability_keeps_what_lies_within_it() -> None:
    ranged = Mode("NV12", 160, 120, 1920, 1080, 5.0, 60.0)
    assert apply_capability([ranged], 0, CaptureRequest(640, 2000, 0)) == CaptureRequest(640, 1080, 60.0, "NV12")


def test_minus_one_asks_for_nothing() -> None:
    assert apply_capability(WEBCAM, -1, CaptureRequest(640, 360, 24, "MJPG")) == CaptureRequest()


def test_a_capability_that_does_not_exist_is_a_wrong_argument() -> None:
    with pytest.raises(SettingsError, match="--dcap 4: this camera has capabilities 0 to 3"):
        apply_capability(WEBCAM, 4, CaptureRequest())
