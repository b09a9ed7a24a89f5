"""File names that are not what one hopes for, everywhere a path is given."""

# Names are bytes here, which pathlib does not take.
# ruff: noqa: PTH102, PTH104, PTH118, PTH208

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import cv2
import pytest

from tests.faults.pictures import face, mjpeg_avi
from tests.faults.program import Ended, rows, run
from tracker.capture.clock import FrameClock
from tracker.capture.video_file import VideoFileSource
from tracker.opencv_path import display_name, opencv_path, opencv_url
from tracker.output.files.video import VideoSink

LINUX = sys.platform.startswith("linux")
ODD_BYTES = [b"caf\xe9.avi", b"\xff\xfe.avi", b"\xed\xa0\x80.avi", b"a\x80b%d[1].avi", b"\xe9\xe8.\xe9\xe8"]
ODD_TEXT = ["Käse & Gesicht 顔.avi", "a b:c.avi", "concat:x|y.avi", "100%d.avi", "-x.avi", "'q\".avi", "\u202e.avi"]
WITHOUT_UTF8 = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def names() -> list[bytes]:
    texts = [text.encode() for text in ODD_TEXT if LINUX or not set(text) & set('":|')]
    return texts + (ODD_BYTES if LINUX else [])


def in_folder(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mjpeg_avi(tmp_path_factory.mktemp("clip") / "clip.avi", 4)


@pytest.mark.parametrize("name", names(), ids=repr)
def test_a_video_of_any_name_is_read(name: bytes, clip: Path, tmp_path: Path) -> None:
    path = in_folder(tmp_path, name)
    shutil.copy(clip, path)
    source = VideoFileSource(path, FrameClock())
    assert source.open().encode()  # fit to be shown
    assert sum(source.read() is not None for _ in range(5)) == 4
    source.close()


@pytest.mark.parametrize("name", [name for name in names() if name.endswith(b".avi")], ids=repr)
def test_a_video_of_any_name_is_written(name: bytes, tmp_path: Path) -> None:
    from tests.output.results import a_frame, a_result

    path = in_folder(tmp_path, name)
    sink = VideoSink(path)
    for index in range(3):
        sink.write(a_frame(index), a_result(index=index))
    sink.close()
    assert os.listdir(os.fsencode(tmp_path)) == [name]
    with opencv_path(path) as usable:
        assert cv2.VideoCapture(usable).get(cv2.CAP_PROP_FRAME_COUNT) == 3


def test_the_link_is_gone_and_the_file_stays(tmp_path: Path) -> None:
    if not LINUX:
        pytest.skip("names are Unicode there")
    path = in_folder(tmp_path, b"\xe9.txt")
    path.write_text("a")
    with opencv_path(path) as usable:
        assert usable.isascii() and usable.endswith(".txt") and Path(usable).read_text() == "a"
    assert not Path(usable).is_symlink() and path.read_text() == "a"


def test_addresses_are_escaped() -> None:
    assert opencv_url("http://a/ä b?c=%20#d") == "http://a/%C3%A4%20b?c=%20#d"
    assert opencv_url(os.fsdecode(b"http://a/\xe9")) == "http://a/%E9"
    assert display_name(os.fsdecode(b"\xe9")) == "�"


@pytest.mark.skipif(not LINUX, reason="names are bytes on Linux")
@pytest.mark.parametrize("environment", [{}, WITHOUT_UTF8], ids=["UTF-8", "LC_ALL=C"])
@pytest.mark.parametrize("name", [b"caf\xe9", "顔".encode()], ids=repr)
def test_every_path_of_the_program_takes_any_name(
    name: bytes, environment: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    folder = os.path.join(os.fsencode(tmp_path), name)
    os.mkdir(folder)
    shutil.copy(clip, os.fsdecode(folder + b"/in.avi"))
    shutil.copytree(Path(__file__).resolve().parents[2] / "models", os.fsdecode(folder + b"/models"))
    ended = run(
        *(b"-c", folder + b"/in.avi", b"--video-out", folder + b"/out.avi", b"--log-data", folder + b"/log.csv"),
        *(b"--log-output", folder + b"/said.txt", b"--dump-points", folder + b"/points.txt"),
        *(b"--model-dir", folder + b"/models"),
        environment=environment,
    )
    ended.assert_clean()
    assert sorted(os.listdir(folder)) == [b"in.avi", b"log.csv", b"models", b"out.avi", b"points.txt", b"said.txt"]
    assert len(rows(folder + b"/log.csv")) == 4
    assert b"in.avi" in Path(os.fsdecode(folder + b"/said.txt")).read_bytes()


@pytest.mark.skipif(not LINUX, reason="names are bytes on Linux")
@pytest.mark.parametrize("kind", ["picture", "missing", "text", "folder", "empty", "stream", "no video"])
def test_what_is_said_of_an_odd_name_is_one_line(kind: str, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xe9.png")
    if kind == "picture":
        cv2.imwrite(str(tmp_path / "a.png"), face(320, 180))
        os.rename(tmp_path / "a.png", path)
    elif kind == "text":
        Path(os.fsdecode(path)).write_text("hello " * 100)
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "empty":
        Path(os.fsdecode(path)).touch()
    elif kind == "no video":
        Path(os.fsdecode(path)).write_bytes(bytes(range(256)) * 20)
    ended: Ended = run(b"-c", b"http://127.0.0.1:9/\xe9" if kind == "stream" else path)
    if kind == "picture":
        ended.assert_clean()
    else:
        ended.assert_clean(3)
        assert len(ended.lines) == 1 and ended.lines[0].startswith("facetracker: error: ")


@pytest.mark.skipif(not LINUX, reason="names are bytes on Linux")
@pytest.mark.parametrize("option", [b"--video-out", b"--log-data", b"--log-output", b"--dump-points"])
def test_an_odd_place_that_cannot_be_written_is_one_line(option: bytes, tmp_path: Path) -> None:
    ended = run(b"-c", b"demo", b"--frames", b"2", option, os.fsencode(tmp_path) + b"/\xe9/a.avi")
    ended.assert_clean(2)
    assert len(ended.lines) == 1
