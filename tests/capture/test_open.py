from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.capture.camera import devices
from tracker.capture.open import open_source
from tracker.capture.raw_stdin import RawStdinSource
from tracker.capture.reoriented import mirrored
from tracker.capture.still_image import StillImageSource
from tracker.capture.supervised import ReopeningSource
from tracker.capture.video_file import VideoFileSource
from tracker.errors import CaptureError, SettingsError


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    picture = np.zeros((24, 32, 3), np.uint8)
    picture[:, :16] = 200
    path = tmp_path / "half.png"
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return path


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (32, 24))
    writer.write(np.zeros((24, 32, 3), np.uint8))
    writer.release()
    return path


@pytest.fixture
def no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.CameraSelector.__init__, "__defaults__", (list,))


def test_demo_is_the_demo_face() -> None:
    source = open_source("demo")
    assert (source.name, source.is_live) == ("demo", True)


def test_raw_frames_win_over_whatever_capture_says() -> None:
    assert isinstance(open_source("0", raw_rgb=1), RawStdinSource)


@pytest.mark.parametrize("repeat", [False, True])
def test_files_are_chosen_by_what_they_hold(picture_file: Path, clip_file: Path, repeat: bool) -> None:
    picture, clip = (open_source(str(path), repeat_video=repeat) for path in (picture_file, clip_file))
    assert isinstance(picture, StillImageSource)
    assert isinstance(clip, VideoFileSource)
    for source in (picture, clip):
        source.open()
        assert (source.frame_count is None) is repeat
        source.close()


def test_a_file_url_is_the_file(picture_file: Path) -> None:
    assert isinstance(open_source(picture_file.as_uri()), StillImageSource)


def test_a_file_url_is_unquoted_once(picture_file: Path) -> None:
    odd = picture_file.rename(picture_file.with_name("50%20off.png"))
    assert isinstance(open_source(odd.as_uri()), StillImageSource)


def test_a_camera_wins_over_a_file_named_like_its_number(picture_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(picture_file.parent)
    picture_file.rename("0")
    assert isinstance(open_source("0"), ReopeningSource)
    assert isinstance(open_source("./0"), StillImageSource)


@pytest.mark.parametrize("capture", ["http://127.0.0.1:9/video", "rtsp://127.0.0.1:9/x", "0", "Some Webcam"])
def test_streams_and_cameras_survive_being_lost(capture: str) -> None:
    source = open_source(capture)
    assert isinstance(source, ReopeningSource)
    assert source.is_live


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        ("missing.mp4", "there is no file missing.mp4"),
        ("/no/such/folder/clip", "there is no file /no/such/folder/clip"),
        ("/dev/video77", "there is no device /dev/video77; it is not plugged in (--list-cameras 1 lists the cameras)"),
    ],
)
def test_what_is_clearly_a_missing_file_is_told_at_once(capture: str, message: str) -> None:
    if capture.startswith("/") and not Path(capture).is_absolute():
        pytest.skip("not how files are named on this system")
    with pytest.raises(CaptureError) as caught:
        open_source(capture)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        ("99", "there is no camera 99; no camera was found (--list-cameras 1 lists the cameras; -c demo needs none)"),
        (
            "x" * 5000,
            f"there is no file and no camera called '{'x' * 5000}'; "
            "no camera was found (--list-cameras 1 lists the cameras; -c demo needs none)",
        ),
    ],
)
def test_no_such_camera_is_told_on_opening(no_cameras: None, capture: str, message: str) -> None:
    with pytest.raises(CaptureError) as caught:
        open_source(capture).open()
    assert str(caught.value) == message


def test_a_text_file_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a video")
    with pytest.raises(CaptureError, match=r"notes\.txt is a text file, not a video or picture"):
        open_source(str(path))


@pytest.mark.parametrize(
    "options", [{"capture": " "}, {"capture": "0", "raw_rgb": 1, "width": 100_000, "height": 100_000}]
)
def test_no_source_and_frames_beyond_all_memory_are_wrong_arguments(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        open_source(**options).open()


def test_a_wrong_pixel_format_is_a_wrong_argument() -> None:
    with pytest.raises(SettingsError):
        open_source("0", dformat="nonsense")


def test_mirroring_exchanges_left_and_right_and_nothing_else(picture_file: Path) -> None:
    plain, mirrored = open_source(str(picture_file)), open_source(str(picture_file), mirror=True)
    line = mirrored.open()
    plain.open()
    assert line == f"{picture_file}: 32x24, one picture, mirrored"
    straight, flipped = plain.read(), mirrored.read()
    assert straight is not None and flipped is not None
    assert np.array_equal(flipped.bgr, straight.bgr[:, ::-1])
    assert flipped.bgr.flags.c_contiguous
    assert (flipped.index, flipped.media_s) == (straight.index, straight.media_s)
    assert mirrored.read() is None
    mirrored.close()


def test_a_mirrored_source_has_the_name_it_has_after_opening(scripted: Any) -> None:
    source = scripted([32])
    flipped = mirrored(source)
    source.name = "camera 'Found'"
    flipped.open()
    assert (flipped.name, flipped.is_live) == ("camera 'Found'", True)


@pytest.mark.parametrize(("degrees", "turns"), [(90, -1), (180, 2), (270, 1)])
def test_a_picture_is_turned_clockwise(picture_file: Path, degrees: int, turns: int) -> None:
    plain, turned = open_source(str(picture_file)), open_source(str(picture_file), rotate=degrees)
    plain.open()
    assert turned.open().endswith(f"turned by {degrees} degrees")
    straight, frame = plain.read(), turned.read()
    assert straight is not None and frame is not None
    assert np.array_equal(frame.bgr, np.rot90(straight.bgr, turns))
    assert turned.read() is None
    turned.close()
