"""Finds the tracker: the frozen program beside this one, the installed command, or the script."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from launcher.errors import LauncherError

NAME = "facetracker"


def find_tracker() -> tuple[str, ...]:
    """The command that starts the tracker, to be followed by its options. Raises LauncherError when there is none.

    A command of that name elsewhere on the search path is the last resort: it may be another program.
    """
    executable = f"{NAME}.exe" if sys.platform == "win32" else NAME
    if getattr(sys, "frozen", False):
        here = Path(sys.executable).resolve().parent
        for folder in (here, here / NAME, here.parent / NAME):
            if _is_program(folder / executable):
                return (str(folder / executable),)
    else:
        installed = Path(sysconfig.get_path("scripts")) / executable
        if _is_program(installed):
            return (str(installed),)
        script = Path(__file__).resolve().parent.parent / f"{NAME}.py"
        if script.is_file():
            return (_python(), str(script))
        if importlib.util.find_spec(NAME) is not None:
            return (_python(), "-m", NAME)
    if found := shutil.which(NAME):
        return (found,)
    raise LauncherError(f"the tracker was not found: install {NAME} in this environment or put it beside this one")


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _python() -> str:
    """This interpreter in its console variant: pythonw.exe has no standard output."""
    path = Path(sys.executable)
    if path.name.lower() == "pythonw.exe" and (with_console := path.with_name("python.exe")).is_file():
        return str(with_console)
    return str(path)
