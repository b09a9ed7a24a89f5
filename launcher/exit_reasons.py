"""Explains to the user why the tracker ended."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

from launcher.output_log import LogLine

REFUSALS = {
    2: "A setting is wrong",
    3: "The camera or file cannot be used",
    4: "The tracker's networks are missing or damaged; reinstall it",
}
"""Exit codes that a restart with the same settings would only repeat."""

_ERROR = "facetracker: error: "


def explain(exit_code: int, error: str | None) -> str:
    """One or two sentences. error: the tracker's last error, if any; hints at command-line options are removed."""
    headline = REFUSALS.get(exit_code)
    if headline is None:
        headline = "The tracker failed" if exit_code == 1 else f"The tracker ended unexpectedly ({_cause(exit_code)})"
    return f"{headline}: {_without_options(error)}" if error else f"{headline}."


def last_error(lines: Iterable[LogLine]) -> str | None:
    """The last error that was printed; without one, the last line on standard error."""
    last: str | None = None
    last_line: str | None = None
    for line in lines:
        if line.stream != "err" or not line.text.strip():
            continue
        last_line = line.text.strip()
        if last_line.startswith(_ERROR):
            last = last_line.removeprefix(_ERROR)
    return last or last_line


def _without_options(error: str) -> str:
    """`error` for a user who has buttons instead of a command line."""
    error = re.sub(r" \([^()]*(?<!\w)-{1,2}[a-z][^()]*\)$", "", error)  # hints at options to try
    return re.sub(r"^argument (?:-\w/)?--([\w-]+): ", lambda found: f"{found[1].replace('-', ' ')}: ", error)


def _cause(exit_code: int) -> str:
    if exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    # Windows status codes are always written in hexadecimal.
    return f"exit code {exit_code:#x}" if exit_code > 0xFFFF else f"exit code {exit_code}"
