"""The stage that all pages show alike: its avatar, background and view, and which expressions are switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from launcher.errors import LauncherError
from launcher.web.access_control import GUESTS
from launcher.web.clients import Message, Page, Pages
from launcher.web.stage_storage import StageStorage
from protocol.foreign_json import printable

MAX_EXPRESSIONS = 64


class Stage:
    """Keeps what pages send of the stage, and tells all pages, those for OBS among them.

    live: whether a tracker runs, and whether it flips the picture; asked whenever pages are told. Only for use in the
    server's loop, but for `broadcast`.
    """

    def __init__(self, pages: Pages, storage: StageStorage, live: Callable[[], Message]) -> None:
        self.storage = storage
        self._pages = pages
        self._live = live
        self._expressions: tuple[str, ...] = ()

    def described(self) -> Message:
        """What pages are told."""
        return {
            "type": "stage",
            **self.storage.described(),
            "expressions": list(self._expressions),
            "live": self._live(),
        }

    def for_obs(self) -> Message:
        """What the user's own pages are told of the one for OBS."""
        return {"type": "obs", "path": f"{GUESTS}{self.storage.key}/"}

    def switch(self, message: Message) -> Message:
        """Do what another shell asks for: ``list``, ``show``, ``hide`` or ``toggle`` an expression of the avatar.

        Returns which of them are on. From any thread. Raises LauncherError for one that the avatar does not have.
        """
        do, wanted = message.get("do"), message.get("name")
        told = self.storage.settings.get("expressionNames")  # by the page that shows the avatar
        names = [name for name in told if isinstance(name, str)] if isinstance(told, list) else []
        on = set(self._expressions)
        if do == "hide" and wanted is None:
            on.clear()
        elif do != "list":
            name = next((name for name in names if name.lower() == str(wanted).lower()), None)
            if name is None:
                has = f"it has {', '.join(names)}" if names else "it has none"
                raise LauncherError(f"the avatar has no expression {printable(wanted, 40)!r}; {has}")
            if do == "show" or (do == "toggle" and name not in on):
                on.add(name)
            else:
                on.discard(name)
        self._expressions = tuple(sorted(on))
        self.broadcast()
        return {"expressions": {name: name in on for name in names}}

    def broadcast(self) -> None:
        """Tell every page how the stage looks now. From any thread."""
        self._pages.broadcast(self.described(), guests=True)

    def on_message(self, page: Page, message: Message) -> bool:
        """Do what a page asks for; whether it was for the stage. Raises LauncherError for what cannot be done."""
        match message.get("do"):
            case "stage":
                self.storage.change(message.get("settings"))
            case "expressions":
                self._expressions = _names(message.get("on"))
            case "upload":
                self.storage.begin(message.get("kind"), message.get("name"), message.get("size"), page)
                return True
            case "remove":
                self.storage.remove(str(message.get("kind")))
                self._expressions = ()
            case "obs":
                if message.get("renew") is True:
                    try:
                        self.storage.renew_key()
                    finally:  # it counts even where it cannot be kept
                        self._pages.close_guests()
                        self._pages.broadcast(self.for_obs())
                else:
                    page.send(self.for_obs())
                return True
            case _:
                return False
        self.broadcast()
        return True

    def on_bytes(self, page: Page, data: bytes) -> None:
        """A piece of a file that was announced."""
        kind = self.storage.add(data, page)
        if kind is not None:
            if kind == "avatar":
                self._expressions = ()  # the one before had others
            self.broadcast()

    def on_disconnect(self, page: Page) -> None:
        """`page` is gone, and with it what it was sending."""
        self.storage.abandon(page)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_EXPRESSIONS or not all(isinstance(name, str) for name in value):
        raise LauncherError("expressions are switched on by a list of their names")
    return tuple(value)
