"""Triggers the hotkeys of a VTube Studio model that are named like expressions that the user taught."""

from __future__ import annotations

from collections.abc import Callable

from protocol import vtubestudio
from protocol.vtubestudio import Hotkey, Response

Ask = Callable[[Callable[[str], str]], Response]
"""Sends what a function makes of a request's id, and returns the answer."""

ATTEMPTS = 20
"""A hotkey that was just triggered is refused for some frames; after so many tries the change is given up."""


class ExpressionHotkeys:
    """Follows the taught expression that is shown.

    A hotkey that toggles an expression is triggered when it begins and when it ends, unless the model's expression is
    that way already, as when the user pressed the key. Any other hotkey, an animation for instance, is triggered when
    it begins. The hotkeys are listed at every change, because the user may have loaded another model.
    """

    def __init__(self) -> None:
        self._shown: str | None = None
        self._attempts = 0

    def restart(self) -> None:
        """There is a new session: the model may be another one."""
        self._shown, self._attempts = None, 0

    def follow(self, name: str | None, ask: Ask) -> None:
        """`name` is shown now. Raises whatever `ask` does; call it again with the next frame."""
        if name == self._shown:
            return
        self._attempts += 1
        if self._attempts <= ATTEMPTS:
            hotkeys = vtubestudio.hotkeys(ask(vtubestudio.hotkeys_request).data)
            for each, wanted in ((self._shown, False), (name, True)):
                hotkey = None if each is None else hotkeys.get(each.casefold())
                if hotkey is not None:
                    self._set(hotkey, wanted, ask)
        self._shown, self._attempts = name, 0

    def _set(self, hotkey: Hotkey, wanted: bool, ask: Ask) -> None:
        if hotkey.toggles:
            answer = ask(lambda request_id: vtubestudio.expression_request(request_id, hotkey.file))
            if vtubestudio.is_active(answer.data, hotkey.file) is wanted:
                return
        elif not wanted:
            return
        ask(lambda request_id: vtubestudio.trigger_request(request_id, hotkey.id))
