"""All options of the program, collected from the settings that declare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.app.input_settings import InputSettings
from tracker.app.output_settings import OutputSettings
from tracker.app.settings import Settings
from tracker.face.options import EngineOptions
from tracker.option import Group, Option, Origin, options_of
from tracker.option_types import Integer, Switch, Text

SETTINGS: tuple[type[Any], ...] = (InputSettings, EngineOptions, OutputSettings, Settings)
"""Every class that declares options, in the order of the help."""

WITHOUT_EFFECT = (
    Option(
        ("-B", "--blackmagic"),
        "has no effect: Blackmagic devices are opened like any camera the system lists",
        Integer(0, metavar="0|1"),
        0,
        Group.COMPATIBILITY,
        Origin.OPENSEEFACE_WINDOWS,
    ),
    Option(
        ("--blackmagic-options",),
        "has no effect, as there is no Blackmagic library to pass it to",
        Text(),
        None,
        Group.COMPATIBILITY,
        Origin.OPENSEEFACE_WINDOWS,
    ),
    Option(
        ("--use-dshowcapture",),
        "has no effect: cameras are always opened through OpenCV, on Windows by DirectShow or Media Foundation",
        Switch(),
        True,
        Group.COMPATIBILITY,
        Origin.OPENSEEFACE_WINDOWS,
    ),
)
"""OpenSeeFace's options that are accepted because launchers pass them."""


def all_options() -> Iterator[tuple[str, Option]]:
    """Every option, with the name its value has after parsing."""
    for settings in SETTINGS:
        yield from options_of(settings)
    for declared in WITHOUT_EFFECT:
        yield declared.name, declared


def describe_options() -> list[dict[str, Any]]:
    """The declarations as JSON values, for ``--list-options``."""
    return [declared.describe() for _, declared in all_options()]
