"""Why the tracker ended, in the user's words."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

from launcher.output_log import LogLine

REFUSALS = {
    2: "A setting is wrong",
    3: "The camera or file cannot be used",
    4: "The tracker's networks are missing or damaged; install it again",
}
"""Exit codes that a new start with the same settings would only repeat."""

_ERROR = "facetracker: error: "


def explain(exit_code: int, error: str | None) -> str:
    """One sentence or two. error: the tracker's own last error, where it gave one; hints at options are left out."""
    headline = REFUSALS.get(exit_code)
    if headline is None:
        headline = "The tracker failed" if exit_code == 1 else f"The tracker ended unexpectedly ({_how(exit_code)})"
    return f"{headline}: {_without_options(error)}" if error else f"{headline}."


def last_error(lines: Iterable[LogLine]) -> str | None:
    """The text of the last error that was printed; failing that, the last line on standard error."""
    last: str | None = None
    said: str | None = None
    for line in lines:
        if line.stream != "err" or not line.text.strip():
            continue
        said = line.text.strip()
        if said.startswith(_ERROR):
            last = said.removeprefix(_ERROR)
    return last or said


def _without_options(error: str) -> str:
    """`error` for somebody who has buttons and no command line."""
    error = re.sub(r" \([^()]*(?<!\w)-{1,2}[a-z][^()]*\)$", "", error)  # hints at options to try
    return re.sub(r"^argument (?:-\w/)?--([\w-]+): ", lambda found: f"{found[1].replace('-', ' ')}: ", error)


def _how(exit_code: int) -> str:
    if exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    # Windows' own codes are only ever written in hexadecimal.
    return f"exit code {exit_code:#x}" if exit_code > 0xFFFF else f"exit code {exit_code}"
