"""Started by a double click on Windows: the console window must not close before the error can be read.

Tried in Wine; not tested on Windows itself.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

LOG_NAME = "last.log"


def started_by_double_click(
    arguments: Sequence[str], console: TextIO | None = None, platform: str = sys.platform
) -> bool:
    """Whether a user started the frozen program in a console window of its own.

    arguments: without the program's name. Game engines always pass some and redirect the output, so they are never
    kept waiting. console: standard output.
    """
    if platform != "win32" or not getattr(sys, "frozen", False) or arguments:
        return False
    stream = console or sys.stdout
    return stream is not None and stream.isatty() and _processes_on_console() == 1


def run_in_own_window(
    main: Callable[[list[str]], int],
    folder: Path | None = None,
    wait_for_key: Callable[[], object] | None = None,
    console: TextIO | None = None,
) -> int:
    """Run `main` with its output copied to a log; if it fails, keep the window open until a key is pressed.

    folder: of the log, by default the user's log folder. Returns the exit code.
    """
    out = console or sys.stdout
    log = _log_path(folder)
    try:
        exit_code = main(["--log-output", str(log)] if log is not None else [])
    except Exception:  # nothing else would show it: this window is the only output
        exit_code = 1
        text = traceback.format_exc()
        out.write(text)
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(text)
    if exit_code:
        where = "" if log is None else f" Its output is in {log}."
        out.write(f"\nfacetracker ended with exit code {exit_code}.{where}\n")
        out.write("run.bat lets you choose a camera. Press any key to close this window.\n")
        out.flush()
        (wait_for_key or _wait_for_key)()
    return exit_code


def _log_path(folder: Path | None) -> Path | None:
    """The path of the log, or None if it cannot be written."""
    import platformdirs

    try:
        folder = folder or Path(platformdirs.user_log_dir("facetracker", appauthor=False))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOG_NAME
        path.write_text("", encoding="utf-8")
    except OSError:
        return None
    return path


def _processes_on_console() -> int:
    if sys.platform == "win32":
        import ctypes

        ids = (ctypes.c_ulong * 2)()
        return int(ctypes.windll.kernel32.GetConsoleProcessList(ids, len(ids)))
    return 0


def _wait_for_key() -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.getch()
