"""Reads the command line into values, as OpenSeeFace would.

Nothing heavy is imported here, so that ``--help`` and wrong usage answer at once. Values are checked one by one;
what needs the file system, the display or another option is checked in `settings`.
"""

from __future__ import annotations

import argparse
from typing import NoReturn

from tracker.app.option_types import WORDS, switch
from tracker.app.options import GROUPS, OPENSEEFACE, WINDOWS_ONLY
from tracker.errors import SettingsError

_MIRROR = "--mirror-input"


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one line instead of printing all usage before it."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message} (see --help)")


def build_parser() -> argparse.ArgumentParser:
    """The parser for all options, in help groups."""
    parser = _Parser(
        prog="facetracker",
        usage="facetracker [-c WHAT] [--model N] [options]",
        description="Tracks faces in a camera's picture and sends them over UDP as OpenSeeFace does.",
        epilog="Exit codes: 0 end of the input or stopped, 1 failure, 2 wrong argument, 3 input, 4 networks. "
        "FACETRACKER_DEBUG=1 in the environment adds details to what is printed.",
    )
    for title, options in GROUPS:
        group = parser.add_argument_group(title)
        for option in options:
            group.add_argument(*option.flags, **option.details)
    return parser


def parse(argv: list[str]) -> argparse.Namespace:
    """The values of all options. Raises SettingsError for wrong usage; ``--help`` and ``--version`` exit."""
    return build_parser().parse_args(canonical(argv))


def openseeface_prefixes() -> dict[str, str]:
    """Every abbreviation of a long option that OpenSeeFace understands on any system, with what it means.

    OpenSeeFace has fewer options off Windows, so some abbreviations are only unambiguous there.
    """
    long_names = ["--help"] + [flag for option in OPENSEEFACE for flag in option.flags if flag.startswith("--")]
    meanings: dict[str, str] = {}
    for names in ([name for name in long_names if name not in WINDOWS_ONLY], long_names):
        for name in names:
            for length in range(3, len(name)):
                prefix = name[:length]
                if prefix not in names and sum(other.startswith(prefix) for other in names) == 1:
                    meanings[prefix] = name
    return meanings


def canonical(argv: list[str]) -> list[str]:
    """`argv` with OpenSeeFace's abbreviations written out and ``--mirror-input true`` made a bare flag.

    Written out before argparse sees them, because our own options (``--profile``, ``--gain``) would make some
    of them ambiguous (``--pr``, ``--g``).
    """
    meanings = openseeface_prefixes()
    words: list[str] = []
    position = 0
    while position < len(argv):
        name, equals, value = argv[position].partition("=")
        position += 1
        name = meanings.get(name, name)
        if name not in ("-M", _MIRROR):
            words.append(name + equals + value)
            continue
        if not equals and position < len(argv) and argv[position].lower() in (*WORDS, "0", "1"):
            value = argv[position]
            position += 1
        if not value or switch(value):
            words.append(name)
    return words
