"""The table of control commands, and the pages and programs made from it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from launcher.cli import main
from protocol.control import ControlMessageError
from protocol.control_commands import COMMANDS, REMOTE_COMMANDS, Text
from tests.receiver import ROOT


def test_the_page_about_the_channel_has_a_row_for_each_command_and_names_its_fields() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "docs" / "CONTROL.md").read_text("utf-8"), re.MULTILINE)
    described = {name: text for name, text in rows if name in COMMANDS}
    assert list(described) == list(COMMANDS)
    assert all(f'"{field.name}"' in described[name] for name, command in COMMANDS.items() for field in command.fields)


def test_the_launchers_command_line_has_each_remote_command_with_its_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert {
        "recentre",
        "reset_calibration",
        "pause",
        "resume",
        "mute_mouth",
        "unmute_mouth",
        "expression_record",
    } <= set(REMOTE_COMMANDS)
    for command in REMOTE_COMMANDS.values():
        word = command.name.removeprefix(f"{command.group}_") if command.group else command.name
        with pytest.raises(SystemExit):
            main([*([command.group] if command.group else []), word.replace("_", "-"), "--help"])
        shown = " ".join(capsys.readouterr().out.split())
        for field in command.fields:
            flag = field.name.upper() if isinstance(field, Text) else f"--{field.name.replace('_', '-')}"
            assert flag in shown and field.help in shown
        assert command.done, "a window says what was done"


@pytest.mark.parametrize(
    ("name", "message", "values"),
    [
        ("recentre", {}, {}),
        ("recentre", {"clear": True, "every_s": 7}, {"clear": True}),
        ("statistics", {"every_s": 0}, {"every_s": 0.0}),
        ("statistics", {"every_s": 3600}, {"every_s": 3600.0}),
        ("expression_record", {"name": "笑顔", "seconds": 10}, {"name": "笑顔", "seconds": 10.0}),
    ],
)
def test_fields_are_taken_from_a_message(name: str, message: dict[str, Any], values: dict[str, Any]) -> None:
    assert COMMANDS[name].values(message) == values


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("recentre", {"clear": 1}),
        ("recentre", {"clear": None}),
        ("statistics", {"every_s": 3601}),
        ("statistics", {"every_s": float("nan")}),
        ("statistics", {"every_s": 10**400}),
        ("expression_record", {"name": 7}),
        ("expression_record", {"name": "x" * 201}),
        ("expression_record", {"seconds": 301}),
        ("expression_enable", {"threshold": "0.7"}),
        ("expression_enable", {"hold_s": True}),
    ],
)
def test_a_field_that_cannot_be_is_named(name: str, message: dict[str, Any]) -> None:
    with pytest.raises(ControlMessageError, match=f"^'{next(iter(message))}' must be "):
        COMMANDS[name].values(message)
