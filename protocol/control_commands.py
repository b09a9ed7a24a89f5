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
class Command:
    """One command.

    name: on the wire. help: what it does, in one line. fields: all optional. remote: other shells may send it through
    a launcher, whose command line has it. done: what a window tells its user afterwards.
    """

    name: str
    help: str
    fields: tuple[Switch | Interval, ...] = ()
    remote: bool = False
    done: str = ""

    def values(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that `message` has. Raises ControlMessageError for one that cannot be."""
        return {field.name: field.checked(message[field.name]) for field in self.fields if field.name in message}


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
