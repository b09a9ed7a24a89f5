"""Converters for argparse: each turns the text after an option into a value, or says what is allowed."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Literal

from tracker.errors import SettingsError
from tracker.face.options import MODELS
from tracker.output.target import Target, parse_target

WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""How launchers spell switches, beside OpenSeeFace's numbers."""


def switch(text: str) -> bool:
    """A 0/1 option: any number but 0 is on, as with OpenSeeFace."""
    if (word := text.lower()) in WORDS:
        return WORDS[word]
    try:
        return int(text) != 0
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 0 nor 1") from None


def whole(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """A whole number in a range, both ends allowed."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        _check_range(text, value, lowest, highest)
        return value

    return convert


def number(lowest: float = -math.inf, highest: float | None = None) -> Callable[[str], float]:
    """A finite number in a range, both ends allowed."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number")
        _check_range(text, value, lowest, highest)
        return value

    return convert


def automatic_or_number(text: str) -> float | Literal["auto"]:
    """A camera's control: its own unit, or left to the camera."""
    if text.lower() == "auto":
        return "auto"
    try:
        return number()(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'auto'") from None


def mains_frequency(text: str) -> Literal[0, 50, 60, "auto"]:
    """What the camera should suppress the flicker of."""
    known: dict[str, Literal[0, 50, 60, "auto"]] = {"0": 0, "off": 0, "50": 50, "60": 60, "auto": "auto"}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"{text!r} is none of off, 50, 60, auto")
    return known[text.lower()]


def model(text: str) -> int:
    """The number of a landmark model."""
    if text not in map(str, MODELS):
        raise argparse.ArgumentTypeError(f"there is no model {text!r}; choose from {', '.join(map(str, MODELS))}")
    return int(text)


def target(text: str) -> Target:
    """HOST:PORT of a receiver."""
    try:
        return parse_target(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def host(text: str) -> str:
    """A host name or address; whether it exists shows when it is sent to."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the host is empty; give a name or an address such as 127.0.0.1")
    return text.strip()


def _check_range(text: str, value: float, lowest: float, highest: float | None) -> None:
    if value < lowest or (highest is not None and value > highest):
        limits = f"{lowest} or more" if highest is None else f"{lowest} to {highest}"
        raise argparse.ArgumentTypeError(f"must be {limits}, got {text}")
