from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.output.results import a_face, a_frame, a_pose, a_result
from tests.receiver import ROOT
from tracker.errors import SettingsError
from tracker.output.files import video
from tracker.output.files.video import VideoSink
from tracker.output.preview.drawing import draw_faces


def frames_of(path: Path) -> list[np.ndarray]:
    reader = cv2.VideoCapture(str(path))
    frames: list[np.ndarray] = []
    while True:
        ok, frame = reader.read()
        if not ok:
            return frames
        frames.append(frame)


def test_video_holds_every_frame_with_its_face_drawn(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    sink = VideoSink(path, fps=12)
    results = [a_result(a_face(pose=a_pose(yaw=10 * index)), index=index) for index in range(3)]
    for index, result in enumerate(results):
        sink.write(a_frame(index), result)
    sink.write(a_frame(3), a_result(index=3))
    sink.close()
    sink.close()
    written = frames_of(path)
    assert len(written) == 4
    for picture, result in zip(written, results, strict=False):
        expected = a_frame().bgr.copy()
        draw_faces(expected, result, visualize_level=1)
        assert np.abs(picture.astype(int) - expected).mean() < 0.4  # exact, but not with every build of OpenCV
        assert np.abs(picture.astype(int) - a_frame().bgr).mean() > 0.5
    assert np.abs(written[3].astype(int) - a_frame().bgr).mean() < 1.0
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == 12


WITHOUT_FFMPEG = """
import sys
from pathlib import Path
from tests.output.results import a_face, a_frame, a_result
from tracker.output.files.video import VideoSink
sink = VideoSink(Path(sys.argv[1]))
for index in range(5):
    sink.write(a_frame(index), a_result(a_face(), index=index))
sink.close()
"""


def test_an_opencv_without_ffmpeg_writes_a_video_that_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    environment = {**os.environ, "OPENCV_VIDEOIO_PRIORITY_FFMPEG": "0", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITHOUT_FFMPEG, str(path)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(frames_of(path)) == 5


def test_scale_makes_every_pixel_a_square(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    sink = VideoSink(path, scale=3)
    sink.write(a_frame(width=64, height=48), a_result(a_face(), width=64, height=48))
    sink.close()
    (picture,) = frames_of(path)
    assert picture.shape == (144, 192, 3)
    squares = picture[1::3, 1::3].repeat(3, axis=0).repeat(3, axis=1)
    assert np.abs(picture.astype(int) - squares).mean() < 1.0


def test_frame_of_another_size_is_fitted_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    sink = VideoSink(path)
    sink.write(a_frame(width=64, height=48), a_result())
    sink.write(a_frame(width=128, height=64), a_result())
    sink.close()
    assert [frame.shape for frame in frames_of(path)] == [(48, 64, 3)] * 2


def test_video_without_a_frame_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    VideoSink(path).close()
    assert not path.exists()


def test_path_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "out.avi"
    with pytest.raises(SettingsError) as refused:
        VideoSink(path)
    assert str(refused.value) == f"cannot write the video {path}: No such file or directory"


def test_kind_of_file_that_is_not_known_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with pytest.raises(SettingsError, match=r"out\.txt: this OpenCV does not support the file type; use \.avi$"):
        VideoSink(path)
    assert not path.exists()


def test_missing_codec_falls_back_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(video, "LOSSLESS", "QQQQ")
    path = tmp_path / "out.avi"
    sink = VideoSink(path)
    sink.write(a_frame(), a_result(a_face()))
    sink.close()
    assert len(frames_of(path)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "this OpenCV cannot write QQQQ; writing the video as MJPG"
    ]
