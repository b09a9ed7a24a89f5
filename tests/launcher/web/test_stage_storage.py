"""What the launcher keeps of the stage, and a file that it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.web.stage_storage import StageStorage


def kept(folder: Path) -> str:
    """A stage with a key, settings and an avatar in `folder`. Returns the text of its file."""
    storage = StageStorage(folder)
    assert storage.key
    storage.change({"expressionKeys": {"happy": "x"}})
    storage.begin("avatar", "me.vrm", 3, owner := object())
    assert storage.add(b"abc", owner) == "avatar"
    return (folder / "stage.json").read_text("utf-8")


def test_what_is_kept_is_there_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = kept(tmp_path)
    again = StageStorage(tmp_path)
    assert again.key == json.loads(text)["key"]
    assert again.described()["avatar"]["name"] == "me.vrm"
    assert (again.trouble, caplog.messages) == ("", [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avatar", "stage.json"]


@pytest.mark.parametrize("damage", ["cut", "empty", "list", "folder"])
def test_a_file_that_cannot_be_used_is_set_aside_with_one_warning(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = kept(tmp_path)
    path = tmp_path / "stage.json"
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        text = {"cut": text[:-3], "empty": "", "list": "[1]"}[damage]
        path.write_text(text, "utf-8")
    storage = StageStorage(tmp_path)
    assert storage.key
    assert storage.settings == {}
    (warning,) = caplog.messages
    assert warning == storage.trouble
    assert warning.endswith("; beginning anew, and keeping it as stage.json.damaged")
    aside = tmp_path / "stage.json.damaged"
    assert aside.is_dir() if damage == "folder" else aside.read_text("utf-8") == text
    assert json.loads(path.read_text("utf-8"))["key"] == storage.key
    assert StageStorage(tmp_path).trouble == ""


def test_of_a_file_with_one_wrong_entry_the_others_are_used(tmp_path: Path) -> None:
    content = {**json.loads(kept(tmp_path)), "settings": "wrong"}
    (tmp_path / "stage.json").write_text(json.dumps(content), "utf-8")
    storage = StageStorage(tmp_path)
    assert storage.trouble.endswith(
        "are not all of use; going on with the others, and keeping it as stage.json.damaged"
    )
    assert storage.settings == {}
    assert json.loads((tmp_path / "stage.json.damaged").read_text("utf-8")) == content
    again = StageStorage(tmp_path)
    assert (again.trouble, again.key) == ("", content["key"])
    assert again.described()["avatar"]["name"] == "me.vrm"
