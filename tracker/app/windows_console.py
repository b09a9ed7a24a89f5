"""A double click on the Windows program: its window must not vanish with the reason why it ended.

Written from Windows' documentation; it has not been tried there.
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
    """Whether a person started the frozen program in a window that only it uses.

    arguments: without the program's name. Engines always give some and redirect the output, so none of them is
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
    """Run `main` with what it prints copied to a log; when it fails, keep the window until a key is pressed.

    folder: where the log goes, by default the user's folder for logs. Returns the exit code.
    """
    out = console or sys.stdout
    log = _log_path(folder)
    try:
        exit_code = main(["--log-output", str(log)] if log is not None else [])
    except Exception:  # the last that can be told: nobody but this window reads it
        exit_code = 1
        text = traceback.format_exc()
        out.write(text)
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(text)
    if exit_code:
        where = "" if log is None else f" What it printed is kept in {log}."
        out.write(f"\nfacetracker ended with exit code {exit_code}.{where}\n")
        out.write("run.bat shows the cameras and asks for one. Press a key to close this window.\n")
        out.flush()
        (wait_for_key or _wait_for_key)()
    return exit_code


def _log_path(folder: Path | None) -> Path | None:
    """The log's path, or None where it cannot be written."""
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
