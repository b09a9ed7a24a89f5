"""Errors that end the program, each with the exit code that tells a launcher whose fault it was."""

from __future__ import annotations


class FacetrackerError(Exception):
    """One clear line: what was wrong and what to do about it."""

    exit_code = 1


class SettingsError(FacetrackerError):
    """An argument is wrong, or a file the user asked for cannot be written."""

    exit_code = 2


class CaptureError(FacetrackerError):
    """The input could not be opened, held nothing, or was lost for good."""

    exit_code = 3


class ModelError(FacetrackerError):
    """A network is missing, damaged, or not one of ours."""

    exit_code = 4
