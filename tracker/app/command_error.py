"""What a command of the control channel raises when it cannot be executed."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot be executed; the message is the reply."""
