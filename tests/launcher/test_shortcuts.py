"""Windows' shortcuts, written and read back. Runs in Wine too (.ci/windows)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launcher import shortcuts
from launcher.errors import LauncherError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has them")
def test_other_systems_say_that_they_have_none() -> None:
    with pytest.raises(LauncherError, match="on Windows only"):
        shortcuts.change("add")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start menu, desktop and start-up in a folder of this test."""
    if sys.platform != "win32":
        pytest.skip("needs Windows or Wine")

    def folder(place: int) -> Path:
        path = tmp_path / f"Ordner ä 顔 {place}"
        path.mkdir(exist_ok=True)
        return path

    monkeypatch.setattr(shortcuts, "_folder", folder)
    monkeypatch.setattr(shortcuts, "_program", lambda: Path(sys.executable))
    return tmp_path


def text_in(file: Path, words: str) -> bool:
    """Whether a shortcut holds that text, as Windows writes it."""
    return words.encode("utf-16-le") in file.read_bytes()


def test_added_shortcuts_start_the_window_and_are_removed_again(folders: Path) -> None:
    made = shortcuts.change("add")
    assert [file.name for file in made] == ["facetracker.lnk"] * 2
    for file in made:
        assert text_in(file, "window")
        assert not text_in(file, "--no-browser")
        assert text_in(file, str(Path(sys.executable).parent)), "its working folder"
    (startup,) = shortcuts.change("autostart")
    assert text_in(startup, "window --no-browser")
    assert startup.parent not in {file.parent for file in made}
    assert sorted(shortcuts.change("remove")) == sorted([*made, startup])
    assert shortcuts.change("remove") == []
    assert list(folders.rglob("*.lnk")) == []


def test_where_windows_keeps_shortcuts() -> None:
    if sys.platform != "win32":
        pytest.skip("needs Windows or Wine")
    places = [shortcuts._folder(place) for place in (shortcuts._PROGRAMS, shortcuts._STARTUP, shortcuts._DESKTOP)]
    assert all(place.is_dir() for place in places)
    assert places[1].parent == places[0]


def test_a_shortcut_that_cannot_be_written_is_told_in_a_line(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcuts, "_folder", lambda place: folders / "none" / "here")
    with pytest.raises(LauncherError, match="cannot write the shortcut"):
        shortcuts.change("add")
