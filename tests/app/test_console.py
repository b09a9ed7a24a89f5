"""What is printed where, and that printing never ends the program."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tracker.app.console import AsyncLogHandler, Console, RotatingTee, configure_logging
from tracker.errors import SettingsError

LOGGER = logging.getLogger("tracker.test")


def test_information_goes_to_standard_output_and_warnings_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with configure_logging(silent=False, log_output=None):
        LOGGER.info("30 frames/s")
        LOGGER.warning("no receiver")
        LOGGER.error("no camera")
    out, err = capfd.readouterr()
    assert out == "30 frames/s\n"
    assert err == "facetracker: warning: no receiver\nfacetracker: error: no camera\n"


def test_silence_leaves_only_warnings(capfd: pytest.CaptureFixture[str]) -> None:
    with configure_logging(silent=True, log_output=None):
        LOGGER.info("30 frames/s")
        LOGGER.warning("no receiver")
    assert capfd.readouterr() == ("", "facetracker: warning: no receiver\n")


def test_the_copy_holds_both_streams_as_utf_8_and_starts_empty(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_text("of an earlier run")
    with configure_logging(silent=False, log_output=file):
        sys.stdout.write("Kamera für Größe: 摄像头\n")
        sys.stderr.write("an error\n")
        _, _, said = file.read_text("utf-8").partition("\n")
        assert said == "Kamera für Größe: 摄像头\nan error\n", "not flushed per write"


def test_streams_are_given_back(tmp_path: Path) -> None:
    before = sys.stdout, sys.stderr
    with configure_logging(silent=False, log_output=tmp_path / "log.txt"):
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


def test_a_full_copy_is_renamed_and_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    copy = RotatingTee(file, rotate_bytes=10)
    for word in ("12345\n", "678\n", "next\n"):
        copy.write(word)
    copy.close()
    assert (tmp_path / "log.txt.1").read_text() == "12345\n678\n"
    assert file.read_text() == "next\n"


def test_a_copy_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"argument --log-output: cannot write .*: No such file or directory"):
        RotatingTee(tmp_path / "missing" / "log.txt")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a closed pipe looks different on Windows")
def test_a_launcher_that_closes_its_pipe_does_not_matter(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    file = tmp_path / "log.txt"
    with os.fdopen(writing, "w") as stream:
        console = Console(stream, RotatingTee(file))
        assert console.write("one\n") == 4
        assert console.write("two\n") == 4
    assert file.read_text() == "one\ntwo\n", "the copy goes on"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("silent", [False, True])
def test_a_full_disk_ends_the_copy_with_one_line(silent: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with configure_logging(silent=silent, log_output=Path("/dev/full")):
        logging.getLogger("tracker").warning("one")
        sys.stdout.write("two\n")
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "facetracker: warning: nothing more is written to /dev/full, --log-output: No space left on device",
        "facetracker: warning: one",
    ]
    assert captured.out.splitlines() == ["two"]


def test_a_program_without_a_console_can_still_speak(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    console = Console(None, RotatingTee(file))
    console.write("hello\n")
    assert not console.isatty()
    assert file.read_text() == "hello\n"


class StuckConsole(io.StringIO):
    """Takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def write(self, text: str) -> int:
        self.let_go.wait(30.0)
        return super().write(text)


def test_a_console_that_takes_nothing_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = StuckConsole()
    monkeypatch.setattr(sys, "stdout", stuck)
    begin = time.monotonic()
    try:
        with configure_logging(silent=False, log_output=None):
            for number in range(5 * AsyncLogHandler.MAX_QUEUED_LINES):
                LOGGER.info("line %d", number)
        assert time.monotonic() - begin < 5.0
    finally:
        stuck.let_go.set()
