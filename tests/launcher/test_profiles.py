"""Named settings on the disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from launcher.options import TrackerOptions
from launcher.profiles import (
    Profile,
    ProfileError,
    delete_profile,
    existing_name,
    load_profile,
    profile_names,
    save_profile,
)
from tests.launcher.full_options import FULL


@pytest.mark.parametrize("options", [TrackerOptions(), FULL])
def test_what_was_saved_is_loaded(options: TrackerOptions, tmp_path: Path) -> None:
    profile = Profile("Évening stream 2.0", options, {"window": {"dark": True}})
    save_profile(profile, tmp_path / "new folder")
    assert load_profile(profile.name, tmp_path / "new folder") == profile
    assert profile_names(tmp_path / "new folder") == (profile.name,)


def test_saving_keeps_what_others_wrote(tmp_path: Path) -> None:
    path = save_profile(Profile("a"), tmp_path)
    content = json.loads(path.read_text("utf-8"))
    content["options"]["novelty"] = {"x": 1}
    content["colours"] = "blue"
    path.write_text(json.dumps(content), "utf-8")
    loaded = load_profile("a", tmp_path)
    assert loaded.more == {"colours": "blue"}
    save_profile(Profile("a", TrackerOptions(camera="demo")), tmp_path)
    after = json.loads(path.read_text("utf-8"))
    assert (after["version"], after["colours"], after["options"]["novelty"]) == (1, "blue", {"x": 1})
    assert after["options"]["camera"] == "demo"


def test_a_value_that_was_unset_is_gone_from_the_file(tmp_path: Path) -> None:
    save_profile(Profile("a", TrackerOptions("demo", model=0, mirror_input=True, fps=30)), tmp_path)
    path = save_profile(Profile("a", TrackerOptions("demo", fps=60)), tmp_path)
    assert json.loads(path.read_text("utf-8"))["options"] == {"camera": "demo", "fps": 60, "receivers": [], "extra": []}


def test_the_keys_of_a_file_stay_what_they_were(tmp_path: Path) -> None:
    options = {"camera": "0", "width": None, "mirror": True, "gaze": False, "receivers": [], "extra": ["--fov", "70"]}
    (tmp_path / "a.json").write_text(json.dumps({"version": 1, "options": options}), "utf-8")
    loaded = load_profile("a", tmp_path).options
    assert loaded == TrackerOptions("0", mirror_input=True, gaze_tracking=False, extra_args=("--fov", "70"))
    path = save_profile(Profile("b", loaded), tmp_path)
    del options["width"]
    assert json.loads(path.read_text("utf-8"))["options"] == options


def test_names_are_listed_and_deleted(tmp_path: Path) -> None:
    assert profile_names(tmp_path / "nowhere") == ()
    for name in ("b", "a"):
        save_profile(Profile(name), tmp_path)
    assert profile_names(tmp_path) == ("a", "b")
    delete_profile("a", tmp_path)
    assert profile_names(tmp_path) == ("b",)
    with pytest.raises(ProfileError, match="there is no profile 'a'"):
        delete_profile("a", tmp_path)


@pytest.mark.parametrize(
    ("name", "existing"),
    [
        ("Stream", "Stream"),
        ("stream", "Stream"),
        ("STREAM", "Stream"),
        ("Stream 2", None),
        ("E\u0301vening", "\u00c9vening"),  # one accent, written as two characters
        ("e\u0301VENING", "\u00c9vening"),
        ("strasse", "Stra\u00dfe"),
        ("last used", None),
    ],
)
def test_names_that_a_file_system_takes_for_the_same_are_one(name: str, existing: str | None, tmp_path: Path) -> None:
    for each in ("Stream", "\u00c9vening", "Stra\u00dfe"):
        save_profile(Profile(each), tmp_path)
    assert existing_name(name, tmp_path) == existing


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there they are one file")
def test_of_two_names_that_are_alike_the_exact_one_is_meant(tmp_path: Path) -> None:
    for each in ("Stream", "stream"):
        save_profile(Profile(each), tmp_path)
    assert [existing_name(each, tmp_path) for each in ("stream", "Stream")] == ["stream", "Stream"]


@pytest.mark.parametrize("name", ["", ".hidden", "../evil", "a/b", "a\\b", "x" * 65, "a\nb"])
def test_a_name_that_would_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is not a valid profile name"):
        save_profile(Profile(name), tmp_path)


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="there is no profile 'Anna'"):
        load_profile("Anna", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"version": 1}',
        b'{"options": {}}',
        b'{"version": "1", "options": {}}',
        b'{"version": 1, "options": []}',
        b'{"version": 1, "options": {"camera": null}}',
        b'{"version": 1, "options": {"capture": "0"}}',
        b'{"version": 1, "options": {"receivers": {}}}',
        b'{"version": 1, "options": {"receivers": [7]}}',
        b'{"version": 1, "options": {"receivers": [{"host": "h", "port": 0}]}}',
        b'{"version": 1, "options": {"receivers": [{"host": "h", "port": true}]}}',
        b'{"version": 1, "options": {"receivers": [{"host": "h", "port": 1, "switches": {"a": 1}}]}}',
        b'{"version": 1, "options": {"extra": "-c 0"}}',
    ],
)
def test_a_damaged_file_is_told_in_one_line_and_set_aside_by_the_next(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        load_profile("a", tmp_path)
    assert str(caught.value).startswith("profile 'a' is damaged (") and "\n" not in str(caught.value)
    save_profile(Profile("a", FULL), tmp_path)
    assert load_profile("a", tmp_path).options == FULL
    assert (tmp_path / "a.json.damaged").read_bytes() == content
    (warning,) = caplog.messages
    assert warning.startswith("the file of profile 'a' is damaged (")
    assert warning.endswith("; replacing it, and keeping it as a.json.damaged")
    save_profile(Profile("a"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.json.damaged"]


def test_a_newer_launchers_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    newer = '{"version": 2, "options": {"camera": "x"}, "expressions": "precious"}'
    (tmp_path / "a.json").write_text(newer, "utf-8")
    save_profile(Profile("a", FULL), tmp_path)
    assert load_profile("a", tmp_path) == Profile("a", FULL)
    assert (tmp_path / "a.json.damaged").read_text("utf-8") == newer
    assert "is from a newer launcher; replacing it, and keeping it as a.json.damaged" in caplog.text


def test_a_profile_that_cannot_be_written_leaves_the_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("damaged", "utf-8")
    with pytest.raises(ProfileError, match="cannot be written"):
        save_profile(Profile("a", TrackerOptions(fps=float("nan"))), tmp_path)
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("a.json", "damaged")]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise there")
def test_a_folder_that_is_none_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProfileError, match="cannot be written"):
        save_profile(Profile("a"), tmp_path / "file" / "folder")
    (tmp_path / "a.json").mkdir()
    with pytest.raises(ProfileError, match="cannot be written"):
        save_profile(Profile("a"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "file"]
