"""The commands of the control channel, each declared once.

The tracker's dispatch and checks, the launcher's command line, and what it passes on from other shells are made from
this table; a test holds ``docs/CONTROL.md`` to it. The tracker runs a command as the method of that name of
`tracker.app.run_control.RunControl`, with the command's fields as keywords.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.control import ControlMessageError

SHORTEST_REPORT_S, LONGEST_REPORT_S = 0.1, 3600.0


@dataclass(frozen=True, slots=True)
class Switch:
    """A field that is true or false."""

    name: str
    help: str

    def checked(self, value: Any) -> bool:
        """Raises ControlMessageError for any other value."""
        if not isinstance(value, bool):
            raise ControlMessageError(f"{self.name!r} must be true or false")
        return value


@dataclass(frozen=True, slots=True)
class Interval:
    """A field that is a time between `minimum` and `maximum`, or 0, in seconds."""

    name: str
    help: str
    minimum: float
    maximum: float

    def checked(self, value: Any) -> float:
        """Raises ControlMessageError for any other value."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ControlMessageError(f"{self.name!r} must be a number of seconds")
        if value != 0 and not self.minimum <= value <= self.maximum:  # nor NaN
            raise ControlMessageError(
                f"{self.name!r} must be 0 or between {self.minimum:g} and {self.maximum:g} seconds"
            )
        return float(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A field that is a number between `minimum` and `maximum`."""

    name: str
    help: str
    minimum: float
    maximum: float
    metavar: str = "X"

    def checked(self, value: Any) -> float:
        """Raises ControlMessageError for any other value."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.minimum <= value <= self.maximum:
            raise ControlMessageError(f"{self.name!r} must be between {self.minimum:g} and {self.maximum:g}")
        return float(value)


@dataclass(frozen=True, slots=True)
class Text:
    """A field that is a text of at most `max_length` characters."""

    name: str
    help: str
    max_length: int = 200

    def checked(self, value: Any) -> str:
        """Raises ControlMessageError for any other value."""
        if not isinstance(value, str) or len(value) > self.max_length:
            raise ControlMessageError(f"{self.name!r} must be a text of at most {self.max_length} characters")
        return value


@dataclass(frozen=True, slots=True)
class Object:
    """A field that is a JSON object; what may be in it is for the tracker to check."""

    name: str
    help: str

    def checked(self, value: Any) -> dict[str, Any]:
        """Raises ControlMessageError for any other value."""
        if not isinstance(value, dict):
            raise ControlMessageError(f"{self.name!r} must be an object")
        return value


Field = Switch | Interval | Number | Text | Object


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    name: on the wire. help: what it does, in one line. fields: all optional. remote: other shells may send it through
    a launcher, whose command line has it. done: what a window tells its user afterwards. group: the first word of
    `name` where a launcher's command line has the rest as a command below it, ``expression train``.
    """

    name: str
    help: str
    fields: tuple[Field, ...] = ()
    remote: bool = False
    done: str = ""
    group: str = ""

    def values(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that `message` has. Raises ControlMessageError for one that cannot be."""
        return {field.name: field.checked(message[field.name]) for field in self.fields if field.name in message}


_NAME = Text("name", "the expression's name, in any language")
_TABLE = (
    Command(
        "recentre",
        "take the current pose and expression as neutral",
        fields=(Switch("clear", "send poses as the camera sees them again"),),
        remote=True,
        done="Recentred: the current pose and expression are now neutral.",
    ),
    Command(
        "reset_calibration",
        "forget the range of each expression and learn it again",
        remote=True,
        done="Calibration reset: the range of each expression is being learned again.",
    ),
    Command("pause", "stop tracking and sending until resumed", remote=True, done="Paused: nothing is sent."),
    Command("resume", "continue after a pause", remote=True, done="Tracking resumed."),
    Command(
        "expression_record",
        "record samples of an expression of your own",
        fields=(
            _NAME,
            Number("seconds", "how long; only time with a face in the picture counts", 0.0, 300.0, "SECONDS"),
            Number("countdown_s", "wait before it begins", 0.0, 60.0, "SECONDS"),
        ),
        remote=True,
        done="Recording. Hold the expression, move your head and talk.",
        group="expression",
    ),
    Command(
        "expression_stop",
        "end a recording before its time, and learn from it",
        remote=True,
        done="The recording has ended.",
        group="expression",
    ),
    Command(
        "expression_train",
        "learn from all recordings",
        remote=True,
        done="The expressions were learnt.",
        group="expression",
    ),
    Command(
        "expression_clear",
        "forget the recordings of one expression",
        fields=(_NAME,),
        remote=True,
        done="The recordings were forgotten.",
        group="expression",
    ),
    Command(
        "expression_list",
        "report the expressions, how well they are told apart, and which is shown",
        remote=True,
        done="The expressions were listed.",
        group="expression",
    ),
    Command(
        "expression_enable",
        "switch recognition on or off, and set how sure and how long",
        fields=(
            Switch("off", "switch recognition off instead of on"),
            Number("threshold", "probability that an expression must reach", 0.0, 1.0),
            Number("hold_s", "how long it must be seen before it is shown", 0.0, 10.0, "SECONDS"),
        ),
        remote=True,
        done="The setting was changed.",
        group="expression",
    ),
    Command(
        "expression_override",
        "show an expression whatever the face does; without a name the face decides again",
        fields=(_NAME,),
        remote=True,
        done="The expression was chosen by hand.",
        group="expression",
    ),
    Command(
        "mute_mouth",
        "hold the mouth closed in everything that is sent",
        remote=True,
        done="Mouth muted: it stays closed in everything that is sent.",
    ),
    Command("unmute_mouth", "let the mouth move again", remote=True, done="The mouth moves again."),
    Command(
        "sensitivity",
        "change how strongly each expression moves what is sent",
        fields=(Object("settings", "by coefficient: from, to, low, high, curve, smoothing; others as measured"),),
    ),
    Command(
        "statistics",
        "report how tracking performs",
        fields=(Interval("every_s", "repeat the report; 0 stops that", SHORTEST_REPORT_S, LONGEST_REPORT_S),),
    ),
    Command("picture", "return the current camera picture as JPEG"),
    Command("quit", "end the tracker"),
)

COMMANDS = {command.name: command for command in _TABLE}
"""By name."""
REMOTE_COMMANDS = {command.name: command for command in _TABLE if command.remote}
"""Those that other shells may send through a launcher."""
