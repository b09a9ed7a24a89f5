"""What a user sees who starts the Windows program by a double click. Windows itself is stood in for."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tracker.app import cli
from tracker.app import windows_console as double_click
from tracker.app.windows_console import LOG_NAME, run_in_own_window, started_by_double_click


class Window(io.StringIO):
    """A console that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The frozen program on Windows, alone on its console."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(double_click, "_processes_on_console", lambda: 1)
    return monkeypatch


def test_a_window_of_its_own_is_a_double_click(on_windows: pytest.MonkeyPatch) -> None:
    assert started_by_double_click([], Window(), "win32")


def test_an_engine_is_never_kept_waiting(on_windows: pytest.MonkeyPatch) -> None:
    assert not started_by_double_click(["--capture", "0"], Window(), "win32")
    assert not started_by_double_click([], io.StringIO(), "win32"), "its output goes into a pipe or file"
    on_windows.setattr(double_click, "_processes_on_console", lambda: 2)
    assert not started_by_double_click([], Window(), "win32"), "a shell uses the console as well"


@pytest.mark.parametrize(("platform", "frozen"), [("linux", True), ("win32", False)])
def test_scripts_and_other_systems_end_as_ever(platform: str, frozen: bool, on_windows: pytest.MonkeyPatch) -> None:
    on_windows.setattr(sys, "frozen", frozen)
    assert not started_by_double_click([], Window(), platform)


def test_the_window_of_a_run_that_failed_stays_and_names_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window, keys = Window(), []

    def program(arguments: list[str]) -> int:
        return cli.main([*arguments, "-c", "/no/such/file.mp4"])

    assert run_in_own_window(program, tmp_path / "logs", lambda: keys.append(1), window) == 3
    log = tmp_path / "logs" / LOG_NAME
    line = "facetracker: error: there is no file /no/such/file.mp4\n"
    assert capsys.readouterr().err == line
    assert log.read_text(encoding="utf-8").partition("\n")[2] == line
    assert keys == [1]
    assert "exit code 3" in window.getvalue()
    assert str(log) in window.getvalue()


def test_the_window_of_a_run_that_ended_well_closes(tmp_path: Path) -> None:
    window, keys = Window(), []
    assert run_in_own_window(lambda arguments: 0, tmp_path, lambda: keys.append(1), window) == 0
    assert (keys, window.getvalue()) == ([], "")


def test_even_a_fault_of_the_program_can_be_read(tmp_path: Path) -> None:
    window = Window()

    def broken(arguments: list[str]) -> int:
        raise OSError("a library is missing")

    assert run_in_own_window(broken, tmp_path, lambda: None, window) == 1
    assert "a library is missing" in (tmp_path / LOG_NAME).read_text(encoding="utf-8")
    assert "a library is missing" in window.getvalue()


def test_a_log_that_cannot_be_written_costs_only_the_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given: list[list[str]] = []
    run_in_own_window(lambda arguments: given.append(arguments) or 0, tmp_path / "file" / "logs", console=Window())
    assert given == [[]]
