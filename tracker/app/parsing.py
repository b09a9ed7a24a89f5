"""Parses the command line as OpenSeeFace would.

Nothing heavy is imported here, so that ``--help`` and usage errors are immediate. Values are validated one by one;
what needs the file system, the display or another option is checked in `settings`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from tracker.app.options import all_options
from tracker.errors import SettingsError
from tracker.option import Group, Option, Origin
from tracker.option_types import BOOLEAN_WORDS, Flag, OptionType
from tracker.version import VERSION


class _Parser(argparse.ArgumentParser):
    """Reports an error as one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message} (see --help)")


def build_parser() -> argparse.ArgumentParser:
    """The parser for all options, in help groups."""
    parser = _Parser(
        prog="facetracker",
        usage="facetracker [-c SOURCE] [--model N] [options]",
        description="Tracks faces in a camera's picture and sends them over UDP as OpenSeeFace does.",
        epilog="Exit codes: 0 end of the input or stopped, 1 failure, 2 wrong argument, 3 input, 4 networks. "
        "FACETRACKER_DEBUG=1 in the environment adds details to the output.",
    )
    groups = {group: parser.add_argument_group(group.value) for group in Group}
    for field, option in all_options():
        groups[option.group].add_argument(*option.flags, dest=field, help=option.full_help, **_details(option))
    groups[Group.PROGRAM].add_argument(
        "--version", action="version", version=f"facetracker {VERSION}", help="print the version and exit"
    )
    return parser


def parse(argv: list[str]) -> argparse.Namespace:
    """The values of all options. Raises SettingsError for wrong usage; ``--help`` and ``--version`` exit."""
    return build_parser().parse_args(canonical(argv))


def openseeface_prefixes() -> dict[str, str]:
    """Every abbreviation of a long option that OpenSeeFace understands on any system, with its meaning.

    OpenSeeFace has fewer options outside Windows, so some abbreviations are unambiguous only there.
    """
    everywhere, windows = ["--help"], []
    for _, option in all_options():
        if option.origin is Origin.OPENSEEFACE:
            everywhere.append(option.flags[-1])
        elif option.origin is Origin.OPENSEEFACE_WINDOWS:
            windows.append(option.flags[-1])
    meanings: dict[str, str] = {}
    for names in (everywhere, everywhere + windows):
        for name in names:
            for length in range(3, len(name)):
                prefix = name[:length]
                if prefix not in names and sum(other.startswith(prefix) for other in names) == 1:
                    meanings[prefix] = name
    return meanings


def canonical(argv: list[str]) -> list[str]:
    """`argv` with OpenSeeFace's abbreviations expanded and values of flags (``--mirror-input true``) resolved.

    Abbreviations are expanded before argparse sees them, because some of our own options (``--profile``, ``--gain``)
    would make them ambiguous (``--pr``, ``--g``).
    """
    meanings = openseeface_prefixes()
    flags = {flag for _, option in all_options() if isinstance(option.type, Flag) for flag in option.flags}
    words: list[str] = []
    position = 0
    while position < len(argv):
        name, equals, value = argv[position].partition("=")
        position += 1
        name = meanings.get(name, name)
        if name not in flags:
            words.append(name + equals + value)
            continue
        if not equals and position < len(argv) and argv[position].lower() in (*BOOLEAN_WORDS, "0", "1"):
            value = argv[position]
            position += 1
        if not value or _flag_value(name, value):
            words.append(name)
    return words


def _flag_value(name: str, value: str) -> bool:
    try:
        return Flag().parse(value)
    except ValueError as error:
        raise SettingsError(f"argument {name}: {error} (see --help)") from None


def _details(option: Option) -> dict[str, Any]:
    """Further arguments of `add_argument`."""
    if isinstance(option.type, Flag):
        return {"action": "store_true", "default": option.default}
    details: dict[str, Any] = {"type": _converter(option.type), "metavar": option.metavar or option.type.metavar}
    if option.repeatable:
        return {**details, "action": "append", "default": list(option.default)}
    return {**details, "default": option.default}


def _converter(kind: OptionType) -> Callable[[str], Any]:
    """`kind.parse` with its errors as argparse shows them."""

    def convert(text: str) -> Any:
        try:
            return kind.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert
