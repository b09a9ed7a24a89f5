"""The launcher's errors, each with the exit code of the command line."""

from __future__ import annotations


class LauncherError(Exception):
    """One line: what was wrong and what to do about it."""

    exit_code = 1


class UsageError(LauncherError):
    """The command line or a setting is wrong."""

    exit_code = 2
