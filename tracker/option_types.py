"""Types of command-line options: each parses a text and describes what it accepts, for ``--list-options``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BOOLEAN_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""Spellings of switches that launchers use besides OpenSeeFace's numbers."""


class OptionType:
    """What an option accepts; by default a text. metavar: placeholder for its value in the help."""

    __slots__ = ()
    metavar: str

    def parse(self, text: str) -> Any:
        """The value that `text` stands for. Raises ValueError that says what is accepted."""
        return text

    def written(self, value: Any) -> Any:
        """The reverse of `parse`, as a JSON value: bool, int, float, str or None."""
        return value

    def describe(self) -> dict[str, Any]:
        """Type and limits, as ``--list-options`` prints them."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Switch(OptionType):
    """``0`` or ``1``; any other integer counts as 1, as with OpenSeeFace. inverted: 1 on the command line is False."""

    inverted: bool = False
    metavar: str = "0|1"

    def parse(self, text: str) -> bool:
        try:
            on = BOOLEAN_WORDS[text.lower()] if text.lower() in BOOLEAN_WORDS else int(text) != 0
        except ValueError:
            raise ValueError(f"{text!r} is neither 0 nor 1") from None
        return on is not self.inverted

    def written(self, value: Any) -> Any:
        return bool(value) is not self.inverted

    def describe(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Flag(Switch):
    """Given alone it is on; ``--name=0`` and ``--name=1`` are understood as well."""


@dataclass(frozen=True, slots=True)
class Integer(OptionType):
    """An integer between two limits, both included; None = no limit."""

    minimum: int | None = None
    maximum: int | None = None
    metavar: str = "N"

    def parse(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"must be an integer, got {text!r}") from None
        _check_range(text, value, self.minimum, self.maximum)
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "integer", **_limits(self.minimum, self.maximum)}


@dataclass(frozen=True, slots=True)
class Number(OptionType):
    """A finite number between two limits, both included; None = no limit."""

    minimum: float | None = None
    maximum: float | None = None
    metavar: str = "X"

    def parse(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"must be a number, got {text!r}")
        _check_range(text, value, self.minimum, self.maximum)
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "number", **_limits(self.minimum, self.maximum)}


@dataclass(frozen=True, slots=True)
class AutoOrNumber(OptionType):
    """A camera control: a number in the camera's own unit, or ``auto``."""

    metavar: str = "N|auto"

    def parse(self, text: str) -> Any:
        if text.lower() == "auto":
            return "auto"
        try:
            return Number().parse(text)
        except ValueError:
            raise ValueError(f"must be a number or 'auto', got {text!r}") from None

    def describe(self) -> dict[str, Any]:
        return {"type": "number", "words": ["auto"]}


@dataclass(frozen=True, slots=True)
class Choice(OptionType):
    """One of several words. values: what each word means. synonyms: further words that are accepted, not listed."""

    values: Mapping[str, Any]
    synonyms: Mapping[str, Any] = field(default_factory=dict)
    metavar: str = "N"

    def parse(self, text: str) -> Any:
        word = text.lower()
        if word in self.values:
            return self.values[word]
        if word in self.synonyms:
            return self.synonyms[word]
        raise ValueError(f"must be one of {', '.join(self.values)}, got {text!r}")

    def written(self, value: Any) -> Any:
        if value is None or self._integers:
            return value
        return next((word for word, meaning in self.values.items() if meaning == value), value)

    def describe(self) -> dict[str, Any]:
        if self._integers:
            return {"type": "integer", "choices": list(self.values.values())}
        return {"type": "string", "choices": list(self.values)}

    @property
    def _integers(self) -> bool:
        return all(isinstance(value, int) for value in self.values.values())


@dataclass(frozen=True, slots=True)
class Text(OptionType):
    """Any text. pattern: regular expression it must match. requirement: the same in words, for the error message."""

    metavar: str = "TEXT"
    pattern: str = r"(?s).*"
    requirement: str = ""

    def parse(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"{text!r} {self.requirement}")
        return text


@dataclass(frozen=True, slots=True)
class Host(OptionType):
    """A host name or address; whether it exists shows when something is sent there."""

    metavar: str = "HOST"

    def parse(self, text: str) -> str:
        if not text.strip():
            raise ValueError("the host is empty; give a name or an address such as 127.0.0.1")
        return text.strip()


@dataclass(frozen=True, slots=True)
class FilePath(OptionType):
    """A file or folder. An empty text means none, as launchers write it."""

    metavar: str = "FILE"

    def parse(self, text: str) -> Path | None:
        return Path(text) if text else None

    def written(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class OutputFile(FilePath):
    """A file that the program writes. Whether it can is checked before the run."""


def _check_range(text: str, value: float, minimum: float | None, maximum: float | None) -> None:
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        if maximum is None:
            raise ValueError(f"must be at least {minimum}, got {text}")
        if minimum is None:
            raise ValueError(f"must be at most {maximum}, got {text}")
        raise ValueError(f"must be between {minimum} and {maximum}, got {text}")


def _limits(minimum: float | None, maximum: float | None) -> dict[str, Any]:
    limits = {"minimum": minimum, "maximum": maximum}
    return {name: limit for name, limit in limits.items() if limit is not None}
