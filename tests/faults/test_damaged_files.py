"""Videos that are damaged, unusual or beyond what is installed."""

from __future__ import annotations

import logging
import random
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from tests.faults.pictures import face, mjpeg_avi
from tests.faults.program import rows, run
from tracker.capture.clock import FrameClock
from tracker.capture.open import open_source
from tracker.capture.supervised import ReopeningSource
from tracker.capture.video_file import VideoFileSource
from tracker.errors import CaptureError

FRAMES = 40


def spoilt(path: Path, spoil: set[int]) -> Path:
    """The video at `path` with those frames zeroed."""
    data = bytearray(path.read_bytes())
    starts = [found.start() for found in re.finditer(rb"\xff\xd8\xff", data)]
    for number in spoil:
        end = starts[number + 1] - 16 if number + 1 < len(starts) else starts[number] + 2000
        data[starts[number] : end] = bytes(end - starts[number])
    path.write_bytes(data)
    return path


def read_all(source: VideoFileSource) -> list[object]:
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


@pytest.mark.parametrize("spoil", [{0}, {13}, {3, 4, 5}, {1, 9, 20, 33}, set(range(10, 39)), {FRAMES - 1}], ids=str)
def test_damaged_frames_are_skipped_and_counted(
    spoil: set[int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = spoilt(mjpeg_avi(tmp_path / "a.avi", FRAMES), spoil)
    with caplog.at_level(logging.INFO):
        frames = read_all(VideoFileSource(path, FrameClock()))
    assert len(frames) == FRAMES - len(spoil)
    at_the_end = spoil == {FRAMES - 1}  # there nothing tells damage from the end
    told = f"ended after {FRAMES - 1} of" if at_the_end else f"{len(spoil)} frames could not be decoded"
    assert told in caplog.text


def test_a_damaged_file_is_repeated(tmp_path: Path) -> None:
    source = VideoFileSource(spoilt(mjpeg_avi(tmp_path / "a.avi", 10), {4}), FrameClock(), repeat=True)
    source.open()
    frames = [source.read() for _ in range(30)]
    source.close()
    assert all(frame is not None for frame in frames)
    times = [frame.media_s for frame in frames if frame is not None]
    assert times == sorted(set(times))


def test_the_program_goes_on_after_a_damaged_frame(tmp_path: Path) -> None:
    path = spoilt(mjpeg_avi(tmp_path / "a.avi", 20), {7})
    ended = run("-c", str(path), "--log-data", str(tmp_path / "log.csv"))
    ended.assert_clean()
    assert len(rows(tmp_path / "log.csv")) == 19
    assert "1 frames could not be decoded" in ended.err


def test_random_damage_never_fails(tmp_path: Path) -> None:
    good = mjpeg_avi(tmp_path / "a.avi", 12, face(64, 48)).read_bytes()
    random_ = random.Random(5)
    path = tmp_path / "b.avi"
    for _ in range(60):
        data = bytearray(good)
        for _ in range(random_.randrange(1, 60)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        path.write_bytes(data[: random_.randrange(20, len(data) + 1)])
        try:
            assert len(read_all(VideoFileSource(path, FrameClock()))) <= 200
        except CaptureError:
            continue


@pytest.mark.parametrize("suffix", ["webp", "png", "avif"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_animations_play_to_their_end(suffix: str, mode: str, tmp_path: Path) -> None:
    pictures = [PIL.Image.new(mode, (64, 48), (40 * number, 10, 200)) for number in range(5)]
    path = tmp_path / f"a.{suffix}"
    try:
        pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, loop=0, lossless=True)
    except (KeyError, OSError, ValueError):
        pytest.skip(f"this Pillow writes no {suffix}")
    source = open_source(str(path))
    assert source.open().startswith(f"{path}: 64x48")
    frames = [frame for _ in range(7) if (frame := source.read()) is not None]
    source.close()
    assert len(frames) == 5 and not source.is_live
    assert np.allclose([frame.media_s for frame in frames], [0.0, 0.04, 0.08, 0.12, 0.16], atol=0.02)
    for number, frame in enumerate(frames):
        assert np.abs(frame.bgr[20, 20].astype(int) - (200, 10, 40 * number)).max() < 8


def test_a_damaged_animation_ends_with_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noise = [PIL.Image.fromarray(np.random.default_rng(n).integers(0, 255, (48, 64, 3), np.uint8)) for n in range(6)]
    path = tmp_path / "a.webp"
    noise[0].save(path, save_all=True, append_images=noise[1:], duration=40, lossless=True)
    data = path.read_bytes()
    for length in range(40, len(data), len(data) // 20):
        path.write_bytes(data[:length])
        try:
            source = open_source(str(path))
            source.open()
            while source.read() is not None:
                pass
            source.close()
        except CaptureError:
            continue


def av1_in(container: str) -> bytes:
    """What the head of such a file looks like, as far as anybody can tell without its codec."""
    if container == "mp4":
        entry = b"\0\0\0\x56av01" + bytes(78)
        listed = b"stsd" + bytes(4) + b"\0\0\0\x01" + entry
        return b"\0\0\0\x18ftypisom\0\0\0\0isomav01" + bytes(500) + b"\0\0\0\x66" + listed + bytes(range(256)) * 4
    return b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska" + bytes(60) + b"\x86\x85V_AV1" + bytes(range(256)) * 4


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_missing_codec_is_named(container: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{container}"
    path.write_bytes(av1_in(container))
    with pytest.raises(CaptureError, match=r"lacks its codec, AV1; convert it"):
        open_source(str(path)).open()


def test_a_cameras_number_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("0", "7", "-1"):
        mjpeg_avi(tmp_path / "a.avi", 2).rename(name)
        assert isinstance(open_source(name), ReopeningSource)
        assert isinstance(open_source(f"./{name}"), VideoFileSource)
