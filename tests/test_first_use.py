"""What README promises to someone who has just installed this."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.protocol.unity_reader import RECORD_BYTES, HeadTarget, Reading, read, turn_degrees
from tests.receiver import ROOT, Run, run_and_receive
from tracker.app.parsing import build_parser

FRAMES = 30
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN_LINES = 40


@pytest.fixture(scope="module")
def run() -> Run:
    """README's command with a receiver of its own and an end."""
    return run_and_receive(["-c", "demo", "--frames", str(FRAMES)], "--port", "{port}")


@pytest.fixture(scope="module")
def readings(run: Run) -> list[Reading]:
    return [read(data) for data in run.datagrams]


def test_the_demo_runs_to_its_end_without_a_complaint(run: Run) -> None:
    assert (run.exit_code, run.err) == (0, b"")


def test_an_unchanged_receiver_gets_one_record_per_frame_with_rising_time(run: Run, readings: list[Reading]) -> None:
    assert [len(data) for data in run.datagrams] == [RECORD_BYTES] * FRAMES
    assert all(earlier.time < later.time for earlier, later in pairwise(readings))
    assert {reading.face_id for reading in readings} == {0}


def test_every_record_has_a_pose_that_receivers_accept(readings: list[Reading]) -> None:
    assert all(reading.got_3d and reading.fit_error < 100 for reading in readings)
    assert all(0 <= reading.right_eye_open <= 1 and 0 <= reading.left_eye_open <= 1 for reading in readings)


def test_an_avatar_follows_the_demo_face_from_a_frontal_rest(readings: list[Reading]) -> None:
    assert readings[0].raw_quaternion[0] > 0
    head = HeadTarget()
    turns = [max(map(abs, turn_degrees(head.rotation))) for reading in readings if head.update(reading)]
    assert len(turns) == FRAMES - 5
    assert 0 < max(turns) < 45
    for reading in readings:
        # As Unity shows it, near zero for a face that looks into the camera.
        assert all(abs((angle + 180) % 360 - 180) < 40 for angle in reading.rotation)
        assert 1 < -reading.raw_translation[2] < 20
        assert all(0 < x < 640 and 0 < y < 360 for x, y in reading.points)


def test_the_first_screen_has_exactly_two_commands_of_one_line_each() -> None:
    screen = "\n".join(README.splitlines()[:FIRST_SCREEN_LINES])
    commands = re.findall(r"^```bash\n(.*?)^```$", screen, flags=re.MULTILINE | re.DOTALL)
    assert [command.count("\n") for command in commands] == [1, 1]
    track, test = commands
    assert "-c demo" in track
    assert "pytest" in test


def test_every_option_that_readme_names_exists() -> None:
    option = r"(?<![\w-])--[a-z][a-z0-9-]+"
    named = set(re.findall(option, README))
    assert {"--visualize", "--target", "--help"} <= named
    assert named <= set(re.findall(option, build_parser().format_help()))
