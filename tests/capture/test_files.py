from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest

from tracker.capture.animation import AnimationSource
from tracker.capture.clock import FrameClock
from tracker.capture.file_kind import kind_of_file
from tracker.capture.still_image import StillImageSource
from tracker.capture.video_file import VideoFileSource
from tracker.errors import CaptureError
from tracker.types import Frame

Clip = Callable[..., Path]


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """Writes a clip whose frames have the grey levels 0, 10, 20 ..."""

    def write(name: str = "clip.avi", frames: int = 12, fps: float = 25.0, fourcc: str = "MJPG") -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, (64, 48))
        assert writer.isOpened()
        for number in range(frames):
            writer.write(np.full((48, 64, 3), number * 10, np.uint8))
        writer.release()
        return path

    return write


def frames_of(source: Any) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize(("name", "fourcc"), [("clip.avi", "MJPG"), ("clip.mp4", "mp4v")])
def test_every_frame_of_a_file_comes_in_order_with_its_position(clip: Clip, name: str, fourcc: str) -> None:
    source: Any = VideoFileSource(clip(name, fourcc=fourcc), FrameClock())
    line = source.open()
    assert line.endswith(f"{name}: 64x48, 25 frames/s, 12 frames")
    assert (source.frame_count, source.is_live) == (12, False)
    frames = frames_of(source)
    source.close()
    assert [frame.index for frame in frames] == list(range(12))
    assert [round(float(frame.bgr.mean()) / 10) for frame in frames] == list(range(12))
    assert [frame.media_s for frame in frames] == pytest.approx([i / 25 for i in range(12)], abs=1e-3)


def test_a_repeated_file_starts_over_with_its_clocks_going_on(clip: Clip) -> None:
    source: Any = VideoFileSource(clip(frames=3), FrameClock(), repeat=True)
    source.open()
    assert source.frame_count is None
    frames = [source.read() for _ in range(8)]
    source.close()
    assert [round(float(frame.bgr.mean()) / 10) for frame in frames] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [frame.media_s for frame in frames] == pytest.approx([i / 25 for i in range(8)], abs=1e-3)
    assert [frame.index for frame in frames] == list(range(8))


@pytest.mark.parametrize("repeat", [False, True])
def test_a_file_with_a_broken_end_ends_cleanly_where_it_breaks(
    clip: Clip, repeat: bool, caplog: pytest.LogCaptureFixture
) -> None:
    path = clip(frames=20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    source: Any = VideoFileSource(path, FrameClock(), repeat=repeat)
    source.open()
    with caplog.at_level(logging.INFO):
        if repeat:
            levels = [round(float(source.read().bgr.mean()) / 10) for _ in range(30)]
            assert levels.count(0) >= 2
        else:
            count = len(frames_of(source))
            assert 1 <= count < 20
            assert caplog.messages == [f"{path} ended after {count} of about 20 frames"]
    source.close()


def test_closing_ends_the_reading(clip: Clip) -> None:
    source: Any = VideoFileSource(clip(), FrameClock(), repeat=True)
    source.open()
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_a_file_can_be_opened_again_from_its_beginning(clip: Clip) -> None:
    source: Any = VideoFileSource(clip(), FrameClock())
    for _ in range(2):
        source.open()
        assert len(frames_of(source)) == 12
        source.close()


def test_positions_that_stand_still_are_replaced_by_the_frame_rate(fake_capture: Any, make_picture: Any) -> None:
    capture = fake_capture([make_picture()] * 4, fps=50)
    source: Any = VideoFileSource(Path("odd.mkv"), FrameClock(), opener=lambda *_: capture)
    assert source.open() == "odd.mkv: 32x24, 50 frames/s, length unknown"
    assert [frame.media_s for frame in frames_of(source)] == pytest.approx([0, 0.02, 0.04, 0.06])


def test_a_video_that_cannot_be_decoded_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8)
    assert kind_of_file(path) == "video"
    with pytest.raises(CaptureError) as caught:
        VideoFileSource(path, FrameClock()).open()
    assert str(caught.value) == f"{path} is not a video or picture that can be decoded"


@pytest.mark.parametrize("suffix", [".txt", ".mp4", ".avi", ".png", ""])
@pytest.mark.parametrize("text", ["hello\n" * 2000, "short", "\u00e4\u20ac" * 3000])
def test_a_text_file_is_no_video_whatever_its_name(tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"notes{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaptureError) as caught:
        kind_of_file(path)
    assert str(caught.value) == f"{path} is a text file, not a video or picture"


def test_empty_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(CaptureError, match=r"empty.mp4 is empty"):
        kind_of_file(tmp_path / "empty.mp4")
    with pytest.raises(CaptureError, match="is a folder; name a video or picture file in it"):
        kind_of_file(tmp_path)
    with pytest.raises(CaptureError, match="cannot be read: No such file"):
        kind_of_file(tmp_path / "missing.mp4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes in the file system")
def test_nothing_is_read_from_a_named_pipe_to_find_out_what_it_holds(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert kind_of_file(tmp_path / "pipe") == "video"


def test_videos_are_not_taken_for_text(clip: Clip) -> None:
    assert [kind_of_file(clip(name, fourcc=code)) for name, code in (("a.avi", "MJPG"), ("a.mp4", "mp4v"))] == [
        "video", "video",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff", ".ppm"])
def test_a_picture_is_one_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"Bild \u00e4{suffix}"
    path.write_bytes(cv2.imencode(suffix, np.full((24, 32, 3), 90, np.uint8))[1].tobytes())
    assert kind_of_file(path) == "still"
    source: Any = StillImageSource(path, FrameClock())
    assert source.open() == f"{path}: 32x24, one picture"
    (frame,) = frames_of(source)
    assert (frame.bgr.shape, frame.media_s, source.frame_count) == ((24, 32, 3), 0.0, 1)
    assert abs(int(frame.bgr[0, 0, 0]) - 90) <= 2


def test_a_repeated_picture_never_ends_and_its_clock_runs(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((24, 32), np.uint8))[1].tobytes())
    source: Any = StillImageSource(path, FrameClock(), repeat=True)
    source.open()
    frames = [source.read() for _ in range(4)]
    assert [frame.media_s for frame in frames] == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30])
    assert frames[0].bgr.shape == (24, 32, 3)
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("length", [20, 60])
def test_a_damaged_picture_is_one_clear_error(length: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((24, 32, 3), np.uint8))[1].tobytes()[:length])
    with pytest.raises(CaptureError, match="is damaged or not a picture of a known kind"):
        StillImageSource(path, FrameClock()).open()
    assert capfd.readouterr().err == "", "libpng would speak for itself"


def test_an_animation_closed_while_it_is_decoded_just_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "two.gif"
    first, second = (PIL.Image.new("RGB", (16, 12), (level, 0, 0)) for level in (0, 200))
    first.save(path, save_all=True, append_images=[second], duration=40)
    source = AnimationSource(path, FrameClock())
    source.open()
    assert source.read() is not None

    def convert(*_: object) -> None:
        source.close()  # as the main thread does when the program is to end
        raise AttributeError("no more")

    monkeypatch.setattr("tracker.capture.animation._on_black", convert)
    assert source.read() is None
    assert not caplog.records
