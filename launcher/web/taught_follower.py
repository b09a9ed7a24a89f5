"""Switches the avatar's expressions with those that the user taught, for every page, OBS's too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from launcher.control import ControlError, TrackerControl
from launcher.web.daemon_thread import in_thread

PAUSE_S = 0.2
"""Between two questions while the tracker knows a taught expression."""
RETRY_S = 1.0
"""Between two questions otherwise: one may be taught, or a tracker started."""


class TaughtFollower:
    """Asks the tracker which taught expression it shows.

    show: called with its name, or None where there is none or no tracker. is_wanted: whether anybody would see it;
    while nobody would, nothing runs. For the server's event loop.
    """

    def __init__(
        self, control: TrackerControl, show: Callable[[str | None], None], is_wanted: Callable[[], bool]
    ) -> None:
        self._control = control
        self._show = show
        self._is_wanted = is_wanted
        self._following: asyncio.Task[None] | None = None

    def update(self) -> None:
        """Begin to ask if that is wanted now; it ends by itself."""
        if self._following is None and self._is_wanted():
            self._following = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        try:
            while self._is_wanted():
                name, is_trained = await self._asked()
                self._show(name)
                await asyncio.sleep(PAUSE_S if is_trained else RETRY_S)
        finally:
            self._following = None

    async def _asked(self) -> tuple[str | None, bool]:
        """The name of the expression that is shown, and whether any was learnt."""
        if self._control.connected:
            with contextlib.suppress(ControlError):  # gone meanwhile, or a tracker that cannot be taught any
                reply = await in_thread(self._control.request, "expression_list")
                shown = reply.get("shown")
                return (shown if isinstance(shown, str) else None), reply.get("trained") is True
        return None, False
