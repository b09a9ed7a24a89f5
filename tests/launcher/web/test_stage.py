"""The stage's expressions, switched from another shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launcher.errors import LauncherError
from launcher.web.clients import Page, Pages
from launcher.web.stage import Stage
from launcher.web.stage_storage import StageStorage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    storage = StageStorage(tmp_path)
    storage.change({"expressionNames": ["Happy", "tears"]})
    return Stage(Pages(lambda: None), storage, lambda: {"running": False})


def switched(stage: Stage, do: str, name: Any = None) -> list[str]:
    """The expressions that are on after that, as pages are told."""
    answer = stage.switch({"do": do, "name": name})["expressions"]
    on = [name for name in answer if answer[name]]
    assert sorted(stage.described()["expressions"]) == sorted(on)
    return on


def test_expressions_are_shown_hidden_and_toggled_by_name(stage: Stage) -> None:
    assert switched(stage, "list") == []
    assert switched(stage, "show", "happy") == ["Happy"]
    assert switched(stage, "show", "HAPPY") == ["Happy"]
    assert switched(stage, "toggle", "tears") == ["Happy", "tears"]
    assert switched(stage, "toggle", "Happy") == ["tears"]
    assert switched(stage, "hide", "Happy") == ["tears"]
    assert switched(stage, "show", "Happy") == ["Happy", "tears"]
    assert switched(stage, "hide") == []


@pytest.mark.parametrize("name", ["sad", None, 3, "", ["Happy"], "x\x1b[2J"])
def test_an_expression_that_the_avatar_lacks_is_told_with_those_it_has(stage: Stage, name: Any) -> None:
    with pytest.raises(LauncherError, match="it has Happy, tears") as error:
        stage.switch({"do": "show", "name": name})
    assert "\x1b" not in str(error.value)
    assert switched(stage, "list") == []


def shown(stage: Stage, taught: str | None) -> list[str]:
    """The expressions that are on while a taught one is shown."""
    stage.show_taught(taught)
    on: list[str] = stage.described()["expressions"]
    return on


def test_an_expression_follows_the_taught_one_of_its_name(stage: Stage) -> None:
    assert shown(stage, "joy") == ["Happy"]  # VRM 1's name for it
    assert shown(stage, "TEARS") == ["tears"]
    assert shown(stage, "wink") == []
    assert shown(stage, "happy") == ["Happy"]
    assert shown(stage, "neutral") == []
    assert shown(stage, "happy") == ["Happy"]
    assert shown(stage, None) == []


def test_what_is_switched_by_hand_wins_over_what_is_taught(stage: Stage) -> None:
    switched(stage, "show", "tears")
    assert shown(stage, "joy") == ["Happy", "tears"]
    assert shown(stage, "tears") == ["tears"]
    assert shown(stage, None) == ["tears"]
    assert shown(stage, "joy") == ["Happy", "tears"]
    assert switched(stage, "hide", "Happy") == ["tears"]
    assert shown(stage, "joy") == ["tears"]  # until it is shown anew
    assert shown(stage, None) == ["tears"]


def test_another_avatar_follows_what_is_shown_already(stage: Stage) -> None:
    page = Page(None)  # type: ignore[arg-type]  # nothing is sent to it
    assert shown(stage, "joy") == ["Happy"]
    stage.on_message(page, {"do": "remove", "kind": "avatar"})
    assert stage.described()["expressions"] == []
    stage.on_message(page, {"do": "stage", "settings": {"expressionNames": ["joy"]}})
    assert shown(stage, "joy") == ["joy"]
