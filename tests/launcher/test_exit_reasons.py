"""Exit codes and last words, as a user should read them."""

from __future__ import annotations

import sys

import pytest

from launcher.exit_reasons import explain, last_error
from launcher.output_log import LogLine


@pytest.mark.parametrize(
    ("code", "error", "explanation"),
    [
        (
            3,
            "there is no camera 7; no camera was found (--list-cameras 1 lists the cameras; -c demo needs none)",
            "The camera or file cannot be used: there is no camera 7; no camera was found",
        ),
        (
            2,
            "argument -F/--fps: must be at least 0, got -1 (see --help)",
            "A setting is wrong: fps: must be at least 0, got -1",
        ),
        (
            2,
            "argument --log-data: cannot write my-file (2).csv: Permission denied",
            "A setting is wrong: log data: cannot write my-file (2).csv: Permission denied",
        ),
        (4, None, "The tracker's networks are missing or damaged; reinstall it."),
        (
            1,
            "OpenCV cannot be loaded (libGL.so.1); on Debian it needs: sudo apt-get install libgl1",
            "The tracker failed: OpenCV cannot be loaded (libGL.so.1); on Debian it needs: sudo apt-get install libgl1",
        ),
        (77, None, "The tracker ended unexpectedly (exit code 77)."),
        (0xC0000005, None, "The tracker ended unexpectedly (exit code 0xc0000005)."),
        (-200, None, "The tracker ended unexpectedly (signal 200)."),
    ],
)
def test_an_end_is_explained(code: int, error: str | None, explanation: str) -> None:
    assert explain(code, error) == explanation


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_is_named() -> None:
    assert explain(-11, None) == "The tracker ended unexpectedly (SIGSEGV)."


def line(text: str, stream: str = "err") -> LogLine:
    return LogLine(0.0, stream, text)  # type: ignore[arg-type]


def test_the_last_error_counts_and_failing_that_the_last_line() -> None:
    first, second = line("facetracker: error: first"), line("facetracker: error: second")
    assert last_error([first, second, line("facetracker: warning: more"), line("x", "out")]) == "second"
    assert last_error([line("Traceback"), line("ImportError: no numpy"), line(" ")]) == "ImportError: no numpy"
    assert last_error([line("fine", "out")]) is None
