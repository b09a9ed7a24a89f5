"""The optional library for WebSockets."""

from __future__ import annotations

import importlib.util

from tracker.errors import SettingsError
from tracker.output.target import Target


def require_websockets(target: Target) -> None:
    """Raises SettingsError, with installation instructions, when the library is missing."""
    if importlib.util.find_spec("websockets") is None:
        raise SettingsError(f'{target} needs the package websockets: pip install "websockets>=15"')
