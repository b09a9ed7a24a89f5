"""The options that the launcher learns from the tracker."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.errors import LauncherError, UsageError
from launcher.option_list import FormField, Option, checked_options, list_options
from launcher.options import TrackerOptions
from tests.receiver import PROGRAM
from tracker.app.options import all_options


@pytest.fixture(scope="module")
def listed() -> dict[str, Option]:
    return {option.name: option for option in list_options(PROGRAM)}


def test_every_option_of_the_tracker_is_listed(listed: dict[str, Option]) -> None:
    assert set(listed) == {option.name for _, option in all_options() if not option.repeatable}


def test_an_option_is_listed_with_its_limits_and_its_field(listed: dict[str, Option]) -> None:
    smoothing = listed["smoothing"]
    assert (smoothing.type, smoothing.minimum, smoothing.maximum, smoothing.default) == ("number", 0.0, 100.0, 1.0)
    assert isinstance(smoothing.form, FormField)
    assert (smoothing.title, smoothing.form.slider) == ("Smoothing", (0.0, 5.0, 0.1))
    assert (listed["scan_every"].form, listed["scan_every"].title) == (None, "scan every")
    assert listed["model"].form is not None
    assert listed["model"].form.labels["3"] == "3 – best"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("model", -3, -3),
        ("model", 3.0, 3),
        ("faces", 36, 36),
        ("smoothing", 0, 0),
        ("exposure", "auto", "auto"),
        ("exposure", -6.5, -6.5),
        ("powerline", "50", "50"),
        ("mirror_input", True, True),
        ("profile", "Anna", "Anna"),
    ],
)
def test_a_value_in_range_is_accepted(listed: dict[str, Option], name: str, value: Any, expected: Any) -> None:
    checked = listed[name].checked(value)
    assert checked == expected
    assert type(checked) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model", 5, "Model must be one of -3, -2, -1, 0, 1, 2, 3, 4, got 5"),
        ("model", "3", "Model must be a number, got '3'"),
        ("model", True, "Model must be a number, got True"),
        ("faces", 0, "Maximum faces must be at least 1, got 0"),
        ("faces", 1.5, "Maximum faces must be an integer, got 1.5"),
        ("smoothing", float("nan"), "Smoothing must be a number, got nan"),
        ("smoothing", 101, "Smoothing must be at most 100, got 101"),
        ("powerline", "55", "powerline must be one of off, 50, 60, auto, got '55'"),
        ("mirror_input", 1, "Flip the picture before tracking must be true or false, got 1"),
        ("profile", 7, r"Remember my face as \(optional\) must be a text, got 7"),
    ],
)
def test_a_value_out_of_range_is_named(listed: dict[str, Option], name: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        listed[name].checked(value)


def test_values_of_a_newer_version_are_left_out(listed: dict[str, Option]) -> None:
    options = TrackerOptions("demo", model=0, novelty=7, extra_args=("--fov", "70"))
    assert checked_options(options, listed.values()) == TrackerOptions("demo", model=0, extra_args=("--fov", "70"))


@pytest.mark.parametrize(
    "printed", ["7", "[{}]", '[{"name": "x"}]', "no JSON", '[{"name": "x", "type": 1, "flags": 2}]']
)
def test_a_list_of_another_kind_is_an_error(printed: str, tmp_path: Path) -> None:
    program = tmp_path / "odd.py"
    program.write_text(f"print({printed!r})", encoding="utf-8")
    with pytest.raises(LauncherError, match="list of options is not understood"):
        list_options((sys.executable, str(program)))
