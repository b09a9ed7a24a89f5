"""The tracker's options as ``--list-options`` describes them: what exists, what it accepts, how a form shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.errors import UsageError
from launcher.options import OptionValue, TrackerOptions, argument
from launcher.queries import ask_tracker, not_understood

LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class FormField:
    """How a form shows an option.

    label: its name for users. section: the part of the form it belongs to. hint: a sentence below it. widget:
    ``mode`` for what a list of camera modes sets; otherwise empty, and the option's type decides. slider: smallest
    value, largest value and step, or empty. ends: what the two ends of the slider mean. labels: text of each choice.
    """

    label: str
    section: str
    hint: str
    widget: str
    slider: tuple[float, ...]
    ends: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the tracker.

    name: a keyword of `TrackerOptions`. type: ``boolean``, ``integer``, ``number`` or ``string``. minimum, maximum:
    limits of a number, both included. choices: the values allowed; empty for all. words: texts a number may be
    instead. default: None where the tracker decides. form: None for what a form should not show.
    """

    name: str
    flags: tuple[str, ...]
    group: str
    help: str
    type: str
    minimum: float | None
    maximum: float | None
    choices: tuple[int | str, ...]
    words: tuple[str, ...]
    default: OptionValue | None
    form: FormField | None

    @property
    def title(self) -> str:
        """Its name for users."""
        return self.form.label if self.form is not None else self.name.replace("_", " ")

    def checked(self, value: Any) -> OptionValue:
        """`value`, an integer where the option is one. Raises UsageError for another type or one out of range."""
        if self.type == "boolean":
            if not isinstance(value, bool):
                raise UsageError(f"{self.title} must be true or false, got {value!r}")
        elif self.type in ("integer", "number"):
            if value not in self.words:
                value = self._checked_number(value)
        elif not isinstance(value, str):
            raise UsageError(f"{self.title} must be a text, got {value!r}")
        if self.choices and value not in self.choices:
            raise UsageError(f"{self.title} must be one of {', '.join(map(str, self.choices))}, got {value!r}")
        checked: OptionValue = value
        return checked

    def _checked_number(self, value: Any) -> int | float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (isinstance(value, float) and not math.isfinite(value)):
            raise UsageError(f"{self.title} must be a number, got {value!r}")
        if self.type == "integer" and value != int(value):
            raise UsageError(f"{self.title} must be an integer, got {value}")
        if self.minimum is not None and value < self.minimum:
            raise UsageError(f"{self.title} must be at least {self.minimum:g}, got {value}")
        if self.maximum is not None and value > self.maximum:
            raise UsageError(f"{self.title} must be at most {self.maximum:g}, got {value}")
        return int(value) if self.type == "integer" else value


def list_options(program: Sequence[str] | None = None, limit_s: float = LIMIT_S) -> tuple[Option, ...]:
    """All options of the tracker that take one value. program: the command that starts it; None = find it.

    Raises LauncherError when the tracker cannot list them.
    """
    answer = ask_tracker(["--list-options"], "options", program, limit_s)
    try:
        return tuple(_option(entry) for entry in answer if not entry.get("repeatable"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise not_understood("options", error) from error


def checked_options(options: TrackerOptions, listed: Iterable[Option]) -> TrackerOptions:
    """`options` without values that the tracker has no option for, such as those of a newer version's profile.

    Raises UsageError for a value that its option does not accept.
    """
    by_name = {option.name: option for option in listed}
    values = {name: by_name[name].checked(value) for name, value in options.values.items() if name in by_name}
    return TrackerOptions(options.camera, receivers=options.receivers, extra_args=options.extra_args, **values)


def further_arguments(options: TrackerOptions, listed: Iterable[Option]) -> tuple[str, ...]:
    """The arguments that no field of the form shows. Options that the tracker does not have are left out."""
    without_field = {option.name for option in listed if option.form is None}
    words = [argument(name, value) for name, value in options.values.items() if name in without_field]
    return (*words, *options.extra_args)


def _option(entry: Mapping[str, Any]) -> Option:
    form = entry.get("form")
    return Option(
        name=str(entry["name"]),
        flags=tuple(map(str, entry["flags"])),
        group=str(entry.get("group") or ""),
        help=str(entry.get("help") or ""),
        type=str(entry["type"]),
        minimum=_limit(entry.get("minimum")),
        maximum=_limit(entry.get("maximum")),
        choices=tuple(entry.get("choices") or ()),
        words=tuple(map(str, entry.get("words") or ())),
        default=entry.get("default"),
        form=None if form is None else _form_field(form),
    )


def _form_field(entry: Mapping[str, Any]) -> FormField:
    return FormField(
        label=str(entry["label"]),
        section=str(entry["section"]),
        hint=str(entry.get("hint") or ""),
        widget=str(entry.get("widget") or ""),
        slider=tuple(map(float, entry.get("slider") or ())),
        ends=tuple(map(str, entry.get("ends") or ())),
        labels={str(value): str(text) for value, text in dict(entry.get("labels") or {}).items()},
    )


def _limit(value: Any) -> float | None:
    return None if value is None else float(value)
