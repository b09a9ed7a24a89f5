"""Short runs of the tracker that print a list and end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from launcher.errors import LauncherError
from launcher.program import find_tracker
from launcher.spawning import child_environment, creation_flags


def ask_tracker(option: Sequence[str], what: str, program: Sequence[str] | None, limit_s: float) -> Any:
    """The JSON that the tracker prints for `option`. what: is listed, for messages.

    Raises LauncherError when it cannot be started, takes too long, fails or prints something else.
    """
    command = [*(program or find_tracker()), *option]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            env=child_environment(),
            creationflags=creation_flags(),
            check=False,
        )
    except OSError as error:
        raise LauncherError(f"the tracker cannot be started ({error.strerror or error}): {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise LauncherError(f"listing the {what} took longer than {limit_s:g} seconds; a driver may hang") from error
    if answer.returncode != 0:
        said = answer.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise LauncherError(f"the {what} cannot be listed: {said or f'exit code {answer.returncode}'}")
    try:
        return json.loads(answer.stdout)
    except ValueError as error:
        raise not_understood(what, error) from error


def not_understood(what: str, error: Exception) -> LauncherError:
    """What to raise when the list is JSON but not the expected one."""
    return LauncherError(f"the tracker's list of {what} is not understood: {error!r}")
