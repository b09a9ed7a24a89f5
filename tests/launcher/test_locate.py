"""Where the tracker is looked for."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from launcher import locate as program
from launcher.errors import LauncherError
from launcher.locate import find_tracker

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLE = "facetracker.exe" if sys.platform == "win32" else "facetracker"


def make_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    path.chmod(0o755)
    return path


def test_what_is_found_here_starts() -> None:
    done = subprocess.run([*find_tracker(), "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("facetracker ")


def test_the_installed_command_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    assert find_tracker() == (sys.executable, str(ROOT / "facetracker.py"))
    command = make_program(tmp_path / EXECUTABLE)
    assert find_tracker() == (str(command),)


@pytest.mark.parametrize("place", [".", "facetracker"])
def test_a_frozen_launcher_takes_the_program_beside_it(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "facetracker-launcher"))
    command = make_program(tmp_path.resolve() / place / EXECUTABLE)
    assert find_tracker() == (str(command),)


def test_an_installation_without_commands_starts_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(program, "__file__", str(tmp_path / "launcher" / "program.py"))
    assert find_tracker() == (sys.executable, "-m", "facetracker")


def test_without_any_it_is_told_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "facetracker-launcher"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LauncherError, match="install facetracker in this environment"):
        find_tracker()
