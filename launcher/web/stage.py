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
TAUGHT_NAMES = {
    "joy": ("happy", "joy"),
    "happy": ("happy", "joy"),
    "sorrow": ("sad", "sorrow"),
    "sad": ("sad", "sorrow"),
    "fun": ("relaxed", "fun"),
    "relaxed": ("relaxed", "fun"),
}
"""What avatars call the expressions that people teach, in VRM 1 and VRM 0."""


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
        self._taught: str | None = None  # the expression with the name of the taught one that is shown
        self._switched: str | None = None  # the same, if it was switched on for that

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
        names = self._names
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

    def show_taught(self, taught: str | None) -> None:
        """Switch on the avatar's expression with the name of the taught one that is shown, and off the one before.

        One that was switched on by hand stays on.
        """
        wanted = self._named_like(taught)
        if wanted == self._taught:
            return
        self._taught = wanted
        on = {name for name in self._expressions if name != self._switched}
        self._switched = wanted if wanted not in on else None
        if self._switched is not None:
            on.add(self._switched)
        self._expressions = tuple(sorted(on))
        self.broadcast()

    @property
    def _names(self) -> list[str]:
        """The avatar's expressions, as the page that shows it told."""
        told = self.storage.settings.get("expressionNames")
        return [name for name in told if isinstance(name, str)] if isinstance(told, list) else []

    def _named_like(self, taught: str | None) -> str | None:
        """The avatar's expression for a taught one; None without one, as for the neutral face."""
        if taught is None or taught.lower() == "neutral":
            return None
        names = {name.lower(): name for name in reversed(self._names)}
        wanted = (*TAUGHT_NAMES.get(taught.lower(), ()), taught.lower())
        return next((names[name] for name in wanted if name in names), None)

    def _switch_all_off(self) -> None:
        self._expressions = ()
        self._taught = self._switched = None

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
                self._switch_all_off()
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
                self._switch_all_off()  # the one before had others
            self.broadcast()

    def on_disconnect(self, page: Page) -> None:
        """`page` is gone, and with it what it was sending."""
        self.storage.abandon(page)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_EXPRESSIONS or not all(isinstance(name, str) for name in value):
        raise LauncherError("expressions are switched on by a list of their names")
    return tuple(value)
