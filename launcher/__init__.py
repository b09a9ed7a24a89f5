"""Starts, supervises and stops the tracker from another program.

    from launcher import TrackerOptions, TrackerProcess, list_cameras

    with TrackerProcess(TrackerOptions(camera="demo", model=0)) as tracker:
        tracker.subscribe(print)
        tracker.start()
        ...
        tracker.control.recentre()

Nothing of the tracker is imported here: it is a process, and the protocol it speaks.
"""

from __future__ import annotations

from launcher.control import ControlError, TrackerControl
from launcher.errors import LauncherError
from launcher.events import (
    Connected,
    Crashed,
    Event,
    Lines,
    Refused,
    Restarting,
    Started,
    StatisticsCame,
    Stopped,
)
from launcher.option_list import FormField, Option, list_options
from launcher.options import Receiver, TrackerOptions
from launcher.output_log import LogLine
from launcher.process import State, TrackerProcess
from launcher.queries import Camera, Format, FormatOption, Mode, list_cameras, list_formats
from launcher.statistics import Statistics

__all__ = [
    "Camera",
    "Connected",
    "ControlError",
    "Crashed",
    "Event",
    "FormField",
    "Format",
    "LauncherError",
    "Lines",
    "LogLine",
    "Mode",
    "Option",
    "Receiver",
    "Refused",
    "Restarting",
    "Started",
    "State",
    "Statistics",
    "StatisticsCame",
    "Stopped",
    "FormatOption",
    "TrackerControl",
    "TrackerOptions",
    "TrackerProcess",
    "list_cameras",
    "list_formats",
    "list_options",
]
