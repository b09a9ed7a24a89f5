"""The errors that end the program or a `Tracker`, with their exit codes.

    FacetrackerError      1   anything else that cannot be recovered from
    ├── SettingsError     2   a wrong argument, or a file that cannot be written
    ├── CaptureError      3   the input cannot be opened, is empty, or is lost
    └── ModelError        4   a network is missing or damaged

Every message is one line that says what is wrong and what to do about it.
"""

from __future__ import annotations


class FacetrackerError(Exception):
    """Base class of all errors."""

    exit_code = 1
    """What the program returns, so that a launcher can tell whose fault it was."""


class SettingsError(FacetrackerError):
    """An argument is wrong, or a file the user asked for cannot be written."""

    exit_code = 2


class CaptureError(FacetrackerError):
    """The input could not be opened, was empty, or was lost for good."""

    exit_code = 3


class ModelError(FacetrackerError):
    """A network is missing, damaged, or not one of ours."""

    exit_code = 4
