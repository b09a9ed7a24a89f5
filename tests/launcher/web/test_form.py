"""The page's form and the library's options."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from launcher.errors import UsageError
from launcher.options import TrackerOptions
from launcher.web.form import from_form, to_form
from tests.launcher.full_options import FULL


@pytest.mark.parametrize("options", [TrackerOptions(), replace(FULL, extra=())])
def test_options_survive_the_way_through_the_page(options: TrackerOptions) -> None:
    assert from_form(json.loads(json.dumps(to_form(options)))) == options


def test_what_the_page_does_not_show_is_kept() -> None:
    assert from_form({"camera": "demo"}, ("--fov=70",)).extra == ("--fov=70",)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "choose a camera"),
        ({"camera": "  "}, "choose a camera"),
        ({"camera": "demo", "model": 5}, "model must be -3 to 4"),
        ({"camera": "demo", "model": 0.5}, "model must be a whole number"),
        ({"camera": "demo", "faces": 0}, "faces must be 1 to 36"),
        ({"camera": "demo", "smoothing": "much"}, "smoothing must be a number"),
        ({"camera": "demo", "smoothing": float("nan")}, "smoothing must be 0 to 100"),
        ({"camera": "demo", "receivers": [{"host": "", "port": 1}]}, "host is empty"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": None}]}, "needs a port"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": 70000}]}, "port must be 1 to 65535"),
        ({"camera": "demo", "receivers": [{"host": "a", "port": 1, "format": "no such"}]}, "no format"),
        ({"camera": "demo", "receivers": ["127.0.0.1"]}, "a receiver has"),
    ],
)
def test_what_cannot_be_is_named(form: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_form(form)


def test_a_form_cannot_smuggle_in_further_arguments() -> None:
    options = from_form({"camera": "--log-data=/tmp/x", "extra": ["--video-out=/tmp/y"], "profile": "--help"})
    assert options.extra == ()
    assert options.arguments() == ("--capture=--log-data=/tmp/x", "--profile=--help")
