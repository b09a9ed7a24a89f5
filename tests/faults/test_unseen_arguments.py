"""What a profile of somebody else can make the tracker do: nothing that was not seen and agreed to."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launcher.approvals import Approvals
from launcher.errors import UsageError
from launcher.option_list import further_arguments, list_options
from launcher.options import Receiver, TrackerOptions
from launcher.profiles import Profile, ProfileError, load_profile, profile_names, profiles_folder, save_profile
from launcher.web.form import from_form, path_as_meant, to_form
from tests.receiver import PROGRAM

EXTRA = ["--log-data", "/home/me/notes"]


class APage:
    """Keeps what it is told."""

    watching = wants_picture = False

    is_guest = False

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.told if message["type"] == kind]


@pytest.fixture
def converse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[APage, list[TrackerOptions]]]:
    """Says messages to a controller; what the page is told, and what would have been started."""
    pytest.importorskip("starlette", reason="the window needs the extra 'launcher'")
    from launcher.web.controller import Controller

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def say(*messages: dict[str, Any]) -> tuple[APage, list[TrackerOptions]]:
        page, started = APage(), []

        async def talk() -> None:
            controller = Controller(PROGRAM)
            monkeypatch.setattr(controller.process, "start", started.append)
            for message in messages:
                controller.on_message(page, message)  # type: ignore[arg-type]
                while controller._tasks:
                    await asyncio.gather(*controller._tasks)
            controller.close()

        asyncio.run(talk())
        return page, started

    return say


Converse = Callable[..., tuple[APage, list[TrackerOptions]]]


def start(extra: object, **more: object) -> dict[str, Any]:
    return {"do": "start", "settings": {"camera": "demo", "extra": extra}, **more}


def test_arguments_without_a_field_are_shown_and_run_only_when_agreed_to(converse: Converse) -> None:
    page, started = converse(start(EXTRA))
    (question,) = page.of("confirm")
    assert question["details"] == EXTRA and started == []
    page, started = converse(start(EXTRA, confirm=["--log-data"]), start(EXTRA, confirm=True))
    assert started == []  # what was agreed to is something else
    page, started = converse(question["request"])
    assert started[0].extra_args == tuple(EXTRA)
    page, started = converse(start(EXTRA), start([*EXTRA, "--faces=3"]))
    assert len(started) == len(page.of("confirm")) == 1  # the same list again is known, a longer one is not


def test_arguments_do_not_stay_for_other_settings_or_new_profiles(converse: Converse) -> None:
    save_profile(Profile("foreign", TrackerOptions("demo", extra_args=EXTRA)))
    page, started = converse(
        {"do": "load", "name": "foreign"},
        {"do": "save", "name": "mine", "settings": {"camera": "demo"}},
        {"do": "start", "settings": {"camera": "demo"}},
    )
    assert page.of("settings")[0]["settings"]["extra"] == EXTRA
    assert load_profile("mine").options.extra_args == started[0].extra_args == ()


def test_a_profile_is_not_replaced_unasked(converse: Converse) -> None:
    save_profile(Profile("mine", TrackerOptions("demo", model=0)))
    page, _ = converse({"do": "save", "name": "mine", "settings": {"camera": "0"}})
    (question,) = page.of("confirm")
    assert load_profile("mine").options.camera == "demo"
    converse(question["request"])
    assert load_profile("mine").options.camera == "0"


@pytest.mark.parametrize(
    "settings",
    [
        [1],
        "x",
        7,
        {"camera": "demo", "extra": "--log-data=x"},
        {"camera": "demo", "extra": [1]},
        {"camera": "demo", "extra": ["--a\0b"]},
        {"camera": "demo", "extra": ["--faces=1"] * 65},
        {"camera": {"a": 1}},
        {"camera": "a\nb"},
        {"camera": "demo", "receivers": 5},
        {"camera": "demo", "receivers": [{"host": ["a"], "port": 1}]},
        {"camera": "demo", "receivers": [{"host": "a", "port": 1, "switches": {"model": ["x"]}}]},
        {"camera": "demo", "values": {"profile": "a\0"}},
    ],
)
def test_settings_of_another_shape_are_refused_in_one_line(converse: Converse, settings: Any) -> None:
    page, started = converse({"do": "start", "settings": settings}, {"do": "save", "name": "a", "settings": settings})
    assert started == [] and profile_names() == ()
    for notice in page.of("notice"):
        assert notice["level"] == "error"
        assert "unexpectedly" not in notice["text"] and "\n" not in notice["text"]


def test_values_without_a_field_are_further_arguments_too() -> None:
    listed = list_options(PROGRAM)
    options = TrackerOptions("demo", model=0, log_data="/home/me/notes", extra_args=("--faces=2",))
    assert further_arguments(options, listed) == ("--log-data=/home/me/notes", "--faces=2")
    assert from_form(to_form(options), listed) == TrackerOptions("demo", model=0, extra_args=("--faces=2",))


def test_what_was_agreed_to_is_known_next_time_and_cannot_come_with_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "approved.json"
    assert not Approvals(path).covers(EXTRA)
    Approvals(path).add(EXTRA)
    assert Approvals(path).covers(EXTRA)
    assert not Approvals(path).covers(["--log-data /home/me/notes"])
    assert Approvals(path).covers([])
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for damaged in (b"", b"[" * 100_000, b'{"approved": 1}', b'{"approved": [NaN]}'):
        path.write_bytes(damaged)
        assert not Approvals(path).covers(EXTRA)
    path.unlink()
    path.mkdir()
    kept_here = Approvals(path)
    kept_here.add(EXTRA)
    assert kept_here.covers(EXTRA)


@pytest.mark.parametrize(("answer", "starts"), [("y\n", True), ("\n", False), ("", False), ("no\n", False)])
def test_a_terminal_is_asked_before_a_foreign_profile_runs(
    answer: str, starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from launcher import cli

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(cli, "list_options", lambda: list_options(PROGRAM))
    started: list[TrackerOptions] = []

    class Tracker:
        def __init__(self, options: TrackerOptions) -> None:
            started.append(options)
            raise UsageError("started")

    monkeypatch.setattr(cli, "TrackerProcess", Tracker)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    save_profile(Profile("foreign", TrackerOptions("demo", log_data="/home/me/notes", extra_args=("--faces=2",))))
    assert cli.main(["run", "foreign"]) == 2
    assert "--log-data=/home/me/notes --faces=2" in capsys.readouterr().err
    assert bool(started) == starts
    if starts:  # and is not asked again
        monkeypatch.setattr("sys.stdin", Terminal(""))
        cli.main(["run", "foreign"])
        assert len(started) == 2


@pytest.mark.parametrize("name", ["CON", "con", "nul.txt", "LPT1", "COM¹", "aux .x", "Prn.", "name.", "name "])
def test_names_that_windows_cannot_keep_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is not a valid profile name"):
        save_profile(Profile(name), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Console", "COM10", "nulls", "a.con"])
def test_names_like_them_are_fine(name: str, tmp_path: Path) -> None:
    assert save_profile(Profile(name), tmp_path).exists()


def test_a_profile_of_a_newer_version_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"version": 99, "options": {"camera": "demo"}}))
    with pytest.raises(ProfileError, match="from a newer launcher"):
        load_profile("a", tmp_path)
    save_profile(Profile("a", TrackerOptions("0")), tmp_path)  # on the user's word
    assert load_profile("a", tmp_path).options.camera == "0"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_a_profile_can_be_read_by_its_user_alone(tmp_path: Path) -> None:
    options = TrackerOptions("rtsp://me:secret@camera/1", receivers=(Receiver(),))
    path = save_profile(Profile("a", options), tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    save_profile(Profile("a", options), tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_half_a_character_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        save_profile(Profile("a", TrackerOptions("\ud800")), tmp_path)
    with pytest.raises(UsageError):
        save_profile(Profile("\ud800"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_paths_are_taken_as_they_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert path_as_meant('"C:\\Users\\Me\\My clip.mp4"') == "C:\\Users\\Me\\My clip.mp4"
    assert path_as_meant("'/tmp/a b.mp4'") == "/tmp/a b.mp4"
    assert path_as_meant("~/clip.mp4") == str(Path("/home/me/clip.mp4"))
    assert path_as_meant("~nobody-of-that-name/clip.mp4") == "~nobody-of-that-name/clip.mp4"
    for plain in ('"', '""', "HD Webcam", 'a"b', "0", "rtsp://h/~x"):
        assert path_as_meant(plain) == plain


def test_profiles_lie_where_the_approvals_do_not_look_like_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    Approvals().add(EXTRA)
    assert profile_names() == ()
    assert not list(profiles_folder().glob("*"))
