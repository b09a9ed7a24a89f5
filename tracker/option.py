"""How an option is declared: once, as the metadata of the settings field that holds its value.

>>> @dataclass(frozen=True)
... class Settings:
...     smoothing: float = option("--smoothing", "0 disables smoothing", Number(0.0, 100.0), 1.0, Group.TRACKING)

The command line, its help, ``--list-options``, and through that list the launcher's profiles and form are made from
these declarations.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tracker.option_types import Flag, OptionType

_KEY = "option"


class Group(enum.Enum):
    """Headings of the help."""

    INPUT = "input"
    TRACKING = "tracking"
    OUTPUT = "output"
    PROGRAM = "program"
    COMPATIBILITY = "accepted for OpenSeeFace compatibility"


class Origin(enum.Enum):
    """Which program defined an option. Abbreviations of OpenSeeFace's options keep their meaning."""

    FACETRACKER = enum.auto()
    OPENSEEFACE = enum.auto()
    OPENSEEFACE_WINDOWS = enum.auto()
    """OpenSeeFace has it on Windows only; here it exists on every system."""


@dataclass(frozen=True, slots=True)
class FormField:
    """How a launcher's form shows an option.

    label: its name for users. section: the part of the form it belongs to, ``camera`` or ``tracking``.
    hint: a sentence below it. widget: ``mode`` where a list of camera modes sets several options at once; otherwise
    the option's type decides. slider: smallest value, largest value and step of a slider; None = no slider.
    ends: what the two ends of the slider mean. labels: text of each choice, by its value.
    """

    label: str
    section: str
    hint: str = ""
    widget: str = ""
    slider: tuple[float, float, float] | None = None
    ends: tuple[str, str] | None = None
    labels: Mapping[int, str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The same as JSON values, without what is empty."""
        values = {
            "label": self.label,
            "section": self.section,
            "hint": self.hint,
            "widget": self.widget,
            "slider": list(self.slider or ()),
            "ends": list(self.ends or ()),
            "labels": {str(value): text for value, text in self.labels.items()},
        }
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Option:
    """A command-line option.

    flags: its spellings, the long one last. default: the value of the field when it is not given.
    default_text: the default in the help; None = the default itself, empty = not mentioned.
    metavar: placeholder for the value; empty = the type's. repeatable: may be given several times; the field holds a
    tuple. form: None = the launcher's form does not show it.
    """

    flags: tuple[str, ...]
    help: str
    type: OptionType
    default: Any
    group: Group
    origin: Origin = Origin.FACETRACKER
    default_text: str | None = None
    metavar: str = ""
    repeatable: bool = False
    form: FormField | None = None

    @property
    def name(self) -> str:
        """The long flag as an identifier: ``scan_every`` for ``--scan-every``."""
        return self.flags[-1].removeprefix("--").replace("-", "_")

    @property
    def full_help(self) -> str:
        """The help text, with the default if there is one to mention."""
        text = "" if isinstance(self.type, Flag) else self.default_text
        if text is None:
            written = None if self.repeatable else self.type.written(self.default)
            text = str(int(written) if isinstance(written, bool) else "" if written is None else written)
        return f"{self.help} (default: {text})" if text else self.help

    def describe(self) -> dict[str, Any]:
        """The declaration as JSON values, for ``--list-options``."""
        described = {
            "name": self.name,
            "flags": list(self.flags),
            "group": self.group.value,
            "help": self.help,
            **self.type.describe(),
            "default": [] if self.repeatable else self.type.written(self.default),
            "repeatable": self.repeatable,
        }
        return described if self.form is None else {**described, "form": self.form.describe()}


def option(flags: str, help: str, type: OptionType, default: Any, group: Group, **more: Any) -> Any:
    """A dataclass field that an option fills. flags: separated by a space; more: further fields of `Option`."""
    declared = Option(tuple(flags.split()), help, type, default, group, **more)
    return field(default=default, metadata={_KEY: declared})


def options_of(settings: type[Any]) -> Iterator[tuple[str, Option]]:
    """The options that a settings dataclass declares, each with the name of its field."""
    for declared in dataclasses.fields(settings):
        if _KEY in declared.metadata:
            yield declared.name, declared.metadata[_KEY]


Settings = TypeVar("Settings")


def from_arguments(settings: type[Settings], arguments: object, **derived: Any) -> Settings:
    """An instance of a settings dataclass. arguments: what argparse returned. derived: fields without an option."""
    values = {
        name: tuple(getattr(arguments, name)) if declared.repeatable else getattr(arguments, name)
        for name, declared in options_of(settings)
    }
    return settings(**values, **derived)


def validated(settings: Settings) -> Settings:
    """`settings`, an instance of a settings dataclass, with each value checked and converted as on the command line.

    Raises ValueError that names the field.
    """
    changes = {}
    for name, declared in options_of(type(settings)):
        value = getattr(settings, name)
        if value is not declared.default:
            try:
                changes[name] = declared.type.parse(str(declared.type.written(value)))
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None
    return dataclasses.replace(settings, **changes)  # type: ignore[type-var]
