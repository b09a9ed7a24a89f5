"""The page's form and the library's options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from launcher.errors import UsageError
from launcher.option_list import Option, list_options
from launcher.options import TrackerOptions
from launcher.web.form import from_form, to_form
from tests.launcher.full_options import FULL
from tests.receiver import PROGRAM


@pytest.fixture(scope="module")
def listed() -> tuple[Option, ...]:
    return list_options(PROGRAM)


@pytest.mark.parametrize("options", [TrackerOptions(), FULL])
def test_options_survive_the_way_through_the_page(options: TrackerOptions, listed: tuple[Option, ...]) -> None:
    assert from_form(json.loads(json.dumps(to_form(options))), listed) == options


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": 5}, "Model must be one of"),
        ({"model": 0.5}, "Model must be an integer"),
        ({"faces": 0}, "Maximum faces must be at least 1"),
        ({"smoothing": "much"}, "Smoothing must be a number"),
        ({"smoothing": float("nan")}, "Smoothing must be a number"),
        (["x"], "values must be an object"),
    ],
)
def test_a_value_that_cannot_be_is_named(values: Any, message: str, listed: tuple[Option, ...]) -> None:
    with pytest.raises(UsageError, match=message):
        from_form({"camera": "demo", "values": values}, listed)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "choose a camera"),
        ({"camera": "  "}, "choose a camera"),
        ({"camera": "demo", "receivers": [{"host": "", "port": 1}]}, "host is empty"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": None}]}, "needs a port"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": 70000}]}, "needs a port between 1 and 65535"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": 1.5}]}, "needs a port between 1 and 65535"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": 1, "format": "no such"}]}, "is not a format"),
        ({"camera": "demo", "receivers": ["127.0.0.1"]}, "a receiver must have"),
    ],
)
def test_what_cannot_be_is_named(form: dict[str, Any], message: str, listed: tuple[Option, ...]) -> None:
    with pytest.raises(UsageError, match=message):
        from_form(form, listed)


def test_further_arguments_come_from_their_own_field_alone(listed: tuple[Option, ...]) -> None:
    form = {
        "camera": "--log-data=/tmp/x",
        "extra_args": ["--video-out=/tmp/y"],
        "values": {"profile": "--help", "video_out": "/tmp/z", "log_output": "/tmp/z"},
    }
    options = from_form(form, listed)
    assert options.extra_args == ()
    assert options.arguments() == ("--capture=--log-data=/tmp/x", "--profile=--help")
