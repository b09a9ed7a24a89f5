"""Where the launcher keeps its files."""

from __future__ import annotations

import warnings
from pathlib import Path

import platformdirs

APP = "facetracker"


def profiles_folder() -> Path:
    """Of the profiles, which the user may copy to another machine."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "launcher"


def runtime_folder() -> Path:
    """Of what is only true while a launcher runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR there is another folder, which is checked as well
        return Path(platformdirs.user_runtime_dir(APP, appauthor=False)) / "launchers"
