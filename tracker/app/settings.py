"""The settings of one run, and the checks that need the file system, the display or several settings."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from tracker.app.console import rotated_name
from tracker.app.input_settings import InputSettings
from tracker.app.output_files import check_output_files
from tracker.app.output_settings import OutputSettings
from tracker.capture.stream_address import as_path
from tracker.face.options import EngineOptions
from tracker.face.taught.naming import checked_name
from tracker.option import FormField, Group, Origin, from_arguments, option, options_of
from tracker.option_types import Flag, Integer, Number, OptionType, OutputFile, Switch, Text
from tracker.output.preview.display import require_display

_OPENSEEFACE = Origin.OPENSEEFACE


LONGEST_S = 300.0
"""Of one recording of an expression, seconds."""


@dataclass(frozen=True, slots=True)
class ExpressionName(OptionType):
    """The type of ``--record-expression``: any name, in any language, that can be shown in one line."""

    metavar: str = "NAME"

    def parse(self, text: str) -> str:
        return checked_name(text)


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the program."""

    input: InputSettings
    engine: EngineOptions
    output: OutputSettings
    silent: bool = option(
        "-s --silent",
        "1 prints warnings and errors only",
        Switch(),
        False,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    verbose_frames: bool = option(
        "--verbose-frames",
        "print OpenSeeFace's lines for each frame instead of one status line per second",
        Flag(),
        False,
        Group.OUTPUT,
    )
    log_output: Path | None = option(
        "--log-output",
        "copy everything printed to this file",
        OutputFile(),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    profile: str | None = option(
        "--profile",
        "keep your neutral face and the range of each expression between runs under this name",
        Text("NAME", r"\w[\w .-]{0,63}", "is not a valid profile name; use letters, digits, '-', '_' and '.'"),
        None,
        Group.TRACKING,
        form=FormField(
            "Remember my face as (optional)",
            "tracking",
            hint="The tracker keeps your neutral face under this name between runs.",
        ),
    )
    expressions: bool = option(
        "--expressions",
        "0 does not recognise the expressions that you taught",
        Switch(),
        True,
        Group.TRACKING,
        form=FormField("Recognise my own expressions", "tracking"),
    )
    record_expression: str | None = option(
        "--record-expression",
        "record samples of an expression of your own under this name, learn from them and exit",
        ExpressionName(),
        None,
        Group.TRACKING,
    )
    seconds: float = option(
        "--seconds",
        "how long to record",
        Number(1.0, LONGEST_S),
        10.0,
        Group.TRACKING,
    )
    frames: int | None = option("--frames", "exit after N frames", Integer(1), None, Group.PROGRAM)
    parent_pid: int | None = option(
        "--parent-pid", "exit when this process exits", Integer(1), None, Group.PROGRAM, metavar="PID"
    )
    priority: int | None = option(
        "--priority",
        "process priority: idle, below normal, normal, above normal, high, real-time",
        Integer(0, 5, "0-5"),
        None,
        Group.PROGRAM,
        origin=Origin.OPENSEEFACE_WINDOWS,
    )
    benchmark: bool = option(
        "--benchmark",
        "1 prints frames per second of models 3, 2, 1, 0, -1, -2, -3, one per line, and exits",
        Switch(),
        False,
        Group.PROGRAM,
        origin=_OPENSEEFACE,
    )
    list_cameras: int = option(
        "-l --list-cameras",
        "list the cameras and exit: 1 numbered, 2 names only, 3 everything as JSON",
        Integer(0, metavar="1|2|3"),
        0,
        Group.INPUT,
        origin=Origin.OPENSEEFACE_WINDOWS,
    )
    list_dcaps: int | None = option(
        "-a --list-dcaps",
        "list the capabilities of camera N (-1: of every camera) and exit",
        Integer(-1),
        None,
        Group.INPUT,
        origin=Origin.OPENSEEFACE_WINDOWS,
    )
    list_formats: bool = option(
        "--list-formats",
        "print the formats of --target, with default ports and options, as JSON and exit",
        Flag(),
        False,
        Group.OUTPUT,
    )
    list_options: bool = option(
        "--list-options",
        "print every option with its type, limits and default as JSON and exit",
        Flag(),
        False,
        Group.PROGRAM,
    )

    @property
    def tracks(self) -> bool:
        """Whether this run tracks faces, rather than listing something or measuring."""
        lists = self.list_cameras or self.list_dcaps is not None or self.list_formats or self.list_options
        return not (lists or self.benchmark)


def settings_from(arguments: argparse.Namespace) -> Settings:
    """`arguments` as `parsing` returns them, checked against each other, the file system and the display.

    Raises SettingsError for the first setting that cannot work.
    """
    output = from_arguments(OutputSettings, arguments)
    settings = from_arguments(
        Settings,
        arguments,
        input=from_arguments(InputSettings, arguments),
        engine=from_arguments(EngineOptions, arguments),
        output=output,
    )
    if settings.tracks and settings.output.visualize:
        require_display()
    check_output_files(_output_files(settings), _input_files(settings))
    return settings


def _output_files(settings: Settings) -> dict[str, Path | None]:
    """The files this run writes, by option."""
    files: dict[str, Path | None] = {}
    for part in (settings, settings.output) if settings.tracks else (settings,):
        for name, declared in options_of(type(part)):
            if isinstance(declared.type, OutputFile):
                files[declared.flags[-1]] = getattr(part, name)
    if settings.log_output is not None:
        older = rotated_name(settings.log_output)
        if any(path is not None and os.path.realpath(path) == os.path.realpath(older) for path in files.values()):
            files["--log-output (its older part)"] = older
    return files


def _input_files(settings: Settings) -> dict[str, Path]:
    """The files this run reads, by description."""
    return {"the input of --capture": Path(as_path(settings.input.capture))} if settings.tracks else {}
