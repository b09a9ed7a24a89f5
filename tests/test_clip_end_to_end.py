"""A clip of a moved, scaled and turned photograph through the whole program: log, annotated video and records."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.protocol.unity_reader import RECORD_BYTES, Reading, read
from tests.receiver import Run, run_and_receive

FRAMES, FPS, SIZE = 64, 30.0, (640, 480)
STILL = 12
"""The clip begins with this many equal frames: they tell the roll that the head has in the photograph itself."""
RIGHT_EYE, LEFT_EYE, NOSE_TIP = range(36, 42), range(42, 48), range(30, 31)
IN_PHOTOGRAPH = ((RIGHT_EYE, (201.0, 100.0)), (LEFT_EYE, (247.0, 102.0)), (NOSE_TIP, (225.0, 127.0)))
"""Where the middles of some points are, pixels of the photograph, read off by eye."""
FACE = (224.0, 128.0)


def roll_at(index: int) -> float:
    """How far the photograph is turned in a frame, degrees clockwise."""
    return 20.0 * np.sin(max(0, index - STILL) / 12)


def placement(index: int) -> np.ndarray:
    """(2, 3) affine matrix from the photograph to a frame."""
    step = max(0, index - STILL)
    matrix = cv2.getRotationMatrix2D(FACE, -roll_at(index), 1.4 + 0.3 * np.sin(step / 20))
    middle = (SIZE[0] / 2 + 50 * np.sin(step / 16), SIZE[1] / 2 + 25 * np.sin(step / 11))
    matrix[:, 2] += np.subtract(middle, FACE)
    return matrix


@dataclass(frozen=True)
class Outcome:
    """What one run on the clip left behind. rows: the log by column name; video: its frames; readings: as Unity."""

    run: Run
    header: list[str]
    lines: list[list[str]]
    video: list[np.ndarray]
    readings: list[Reading]

    def column(self, name: str) -> np.ndarray:
        place = self.header.index(name)
        return np.array([float(line[place]) for line in self.lines])


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Eileen Collins, a public-domain photograph by NASA, moved about in a clip that the program tracks once."""
    folder = tmp_path_factory.mktemp("clip")
    photograph = np.ascontiguousarray(pytest.importorskip("skimage.data").astronaut()[:, :, ::-1])
    clip, log, video = folder / "clip.avi", folder / "out.csv", folder / "out.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    assert writer.isOpened()
    for index in range(FRAMES):
        writer.write(cv2.warpAffine(photograph, placement(index), SIZE, borderMode=cv2.BORDER_REPLICATE))
    writer.release()
    run = run_and_receive(
        ["-c", str(clip), "--log-data", str(log), "--video-out", str(video), "--silent", "1"],
        "--target",
        "127.0.0.1:{port}",
    )
    with log.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    return Outcome(run, header, lines, frames_of(video), [read(data) for data in run.datagrams])


def frames_of(path: Path) -> list[np.ndarray]:
    """Every picture of a video file."""
    capture, pictures = cv2.VideoCapture(str(path)), []
    while True:
        got, picture = capture.read()
        if not got:
            capture.release()
            return pictures
        pictures.append(picture)


def test_a_file_is_tracked_to_its_end_in_silence(outcome: Outcome) -> None:
    assert (outcome.run.exit_code, outcome.run.out, outcome.run.err) == (0, b"", b"")


def test_the_log_has_a_whole_row_for_the_one_face_of_every_frame(outcome: Outcome) -> None:
    assert {len(line) for line in outcome.lines} == {len(outcome.header)}
    np.testing.assert_array_equal(outcome.column("Frame"), np.arange(1, FRAMES + 1))
    assert set(outcome.column("FaceID")) == {0}
    np.testing.assert_allclose(np.diff(outcome.column("Time")), 1 / FPS, atol=2e-3)


def test_the_logged_roll_is_the_photographs_within_2_degrees(outcome: Outcome) -> None:
    roll = 90.0 - outcome.column("Euler.Z")  # on the wire a frontal face has 90
    own = roll[STILL - 1]
    applied = np.array([roll_at(index) for index in range(FRAMES)])
    assert np.ptp(applied) > 35
    np.testing.assert_allclose(roll[STILL:] - own, applied[STILL:], atol=2.0)


def test_eyes_and_nose_are_logged_where_the_photograph_was_put(outcome: Outcome) -> None:
    for points, place in IN_PHOTOGRAPH:
        seen = np.stack(
            [np.mean([outcome.column(f"Landmark[{i}].{axis}") for i in points], axis=0) for axis in "XY"], axis=1
        )
        for index in range(FRAMES):
            matrix = placement(index)
            scale = np.sqrt(np.linalg.det(matrix[:, :2]))
            assert np.linalg.norm(seen[index] - matrix @ (*place, 1.0)) < 5 * scale, f"frame {index}, points {points}"


def test_the_annotated_video_has_every_frame_at_its_size_with_the_points_drawn(outcome: Outcome) -> None:
    assert len(outcome.video) == FRAMES
    assert {picture.shape for picture in outcome.video} == {(SIZE[1], SIZE[0], 3)}
    photograph = pytest.importorskip("skimage.data").astronaut()[:, :, ::-1]
    for index in (0, FRAMES - 1):
        matrix = placement(index)
        plain = cv2.warpAffine(np.ascontiguousarray(photograph), matrix, SIZE, borderMode=cv2.BORDER_REPLICATE)
        drawn = np.abs(outcome.video[index].astype(int) - plain).max(axis=2) > 60
        left, top = (int(value) for value in matrix @ (*FACE, 1.0) - 100)
        inside = drawn[top : top + 200, left : left + 200].sum()
        assert inside > 150
        assert inside > 0.8 * drawn.sum()


def test_every_frame_is_one_record_with_rising_time_and_the_logs_rotation(outcome: Outcome) -> None:
    assert [len(data) for data in outcome.run.datagrams] == [RECORD_BYTES] * FRAMES
    assert all(earlier.time < later.time for earlier, later in pairwise(outcome.readings))
    assert all(reading.got_3d and reading.fit_error < 100 for reading in outcome.readings)
    np.testing.assert_allclose(
        [reading.raw_euler[2] for reading in outcome.readings], outcome.column("Euler.Z"), atol=1e-3
    )
