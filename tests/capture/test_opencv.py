from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.capture.opencv import SharedCapture, as_bgr, fourcc_text
from tracker.errors import CaptureError


def test_release_during_a_read_is_left_to_the_reader(fake_capture: Any, make_picture: Any) -> None:
    raw = fake_capture([make_picture()])
    inside, go_on = threading.Event(), threading.Event()
    plain_grab = raw.grab

    def slow_grab() -> bool:
        inside.set()
        assert go_on.wait(10)
        assert not raw.released, "released under the reader"
        return bool(plain_grab())

    raw.grab = slow_grab
    shared = SharedCapture(raw)
    reader = threading.Thread(target=shared.grab)
    reader.start()
    assert inside.wait(10)
    shared.release()  # returns at once
    assert not raw.released
    go_on.set()
    reader.join(10)
    assert raw.released


def test_a_released_capture_answers_without_touching_the_device(fake_capture: Any, make_picture: Any) -> None:
    shared = SharedCapture(fake_capture([make_picture()], fps=30))
    shared.release()
    shared.release()
    assert (shared.grab(), shared.retrieve(), shared.read(), shared.get(cv2.CAP_PROP_FPS)) == (False, None, None, 0.0)


def test_opencvs_exceptions_become_ours(fake_capture: Any) -> None:
    raw = fake_capture([])

    def broken() -> bool:
        raise cv2.error("broken")

    raw.grab = broken
    with pytest.raises(CaptureError, match="OpenCV failed to read"):
        SharedCapture(raw).grab()


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3), (4, 6, 4)])
def test_every_usual_kind_of_picture_becomes_bgr(shape: tuple[int, ...]) -> None:
    assert as_bgr(np.zeros(shape, np.uint8)).shape == (4, 6, 3)


def test_fourcc_is_read_back_as_letters() -> None:
    assert fourcc_text(float(cv2.VideoWriter.fourcc(*"MJPG"))) == "MJPG"
    assert [fourcc_text(code) for code in (0.0, -1.0, 7.0)] == ["", "\u00ff" * 4, ""]


OPEN_AND_READ = """
import sys, cv2
from tracker.capture.opencv import SharedCapture, open_capture
for target, backend in ((sys.argv[1], cv2.CAP_ANY), (sys.argv[2], cv2.CAP_ANY), (77, cv2.CAP_ANY)):
    capture = SharedCapture(open_capture(target, backend))
    while capture.read() is not None:
        pass
"""


def test_opencv_and_ffmpeg_keep_their_own_lines_to_themselves(tmp_path: Path) -> None:
    # In a process of its own: the libraries take their log level once, from whoever uses them first.
    broken, cut = tmp_path / "broken.mp4", tmp_path / "cut.avi"
    broken.write_bytes(b"\0\0\0\x20ftypisom" + bytes(200))
    writer = cv2.VideoWriter(str(cut), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for _ in range(20):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    command = [sys.executable, "-c", OPEN_AND_READ, str(broken), str(cut)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
