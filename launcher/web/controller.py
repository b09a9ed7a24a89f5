"""What the page's buttons do to the tracker, and what the pages are told of it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from launcher.approvals import Approvals
from launcher.control import ControlError
from launcher.errors import LauncherError
from launcher.events import Event, Lines, Started, StatisticsCame, Stopped
from launcher.option_list import Option, checked_options, list_options
from launcher.options import Receiver, TrackerOptions
from launcher.output_log import LogLine
from launcher.process import State, TrackerProcess
from launcher.profiles import Profile, delete_profile, load_profile, profile_names, save_profile
from launcher.queries import list_cameras, list_formats
from launcher.sharing import shared_receivers
from launcher.statistics import Statistics
from launcher.web.clients import Message, Page, Pages
from launcher.web.daemon_thread import in_thread
from launcher.web.form import from_form, to_form
from launcher.web.frames import PICTURE
from launcher.web.live_view import Feed
from protocol.control_commands import REMOTE_COMMANDS, Command

logger = logging.getLogger(__name__)

LAST_USED = "Last used"
"""The profile that the settings of each start are kept in."""
LOG_LINES = 200
"""So many lines a page is shown when it opens, and at most at once."""
LOG_PAUSE_S = 0.25
"""After lines were shown; what a talkative tracker prints meanwhile is shown together."""
STATISTICS_EVERY_S = 1.0
PICTURE_PAUSE_S = 0.15
"""Between two pictures. The tracker gives ten a second at most, more than a look at the camera needs."""
RETRY_PICTURE_S = 1.0


class Desk:
    """Holds one tracker and tells all pages the same of it.

    program: the words that start the tracker; None = look for it. options: what the form shows at first; None = what
    was used last. While no page is open nothing runs here: no statistics are asked for, no packets are read.
    Everything but `close` is for the server's loop.
    """

    def __init__(self, program: Sequence[str] | None = None, options: TrackerOptions | None = None) -> None:
        self.pages = Pages(self._pages_changed)
        self._program = tuple(program) if program is not None else None
        self.process = TrackerProcess(program=self._program, statistics_every_s=None)
        """The tracker."""
        self._options = options or _last_used()
        self._approvals = Approvals()
        self._feed = Feed(self.pages.show)
        self._paused = False
        self._cameras: list[Message] | None = None
        self._searching = False
        self._formats: list[Message] | None = None
        self._listed: tuple[Option, ...] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._one_by_one = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._picturing: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Stop the tracker and receive no more. Blocks until it is gone."""
        self.process.stop()
        self._feed.close()

    def greet(self, page: Page) -> None:
        """Tell a page that has just been opened how things stand."""
        page.tell({"type": "settings", "settings": to_form(self._options)})
        page.tell(self._state())
        page.tell(_profiles())
        page.tell(_log(self.process.output, 0))
        if self._listed is None:
            self._in_background(self._find_options(), in_turn=False)
        else:
            page.tell(_option_list(self._listed))
        if self._formats is None:
            self._in_background(self._find_formats(), in_turn=False)
        else:
            page.tell({"type": "formats", "formats": self._formats})
        page.tell(self._camera_list())
        if self._cameras is None:
            self._in_background(self._find_cameras(), in_turn=False)

    def take(self, page: Page, message: Message) -> None:
        """Do what a page asks for."""
        match message.get("do"):
            case "watch":
                page.watching = bool(message.get("on"))
                self._pages_changed()
            case "picture":
                page.wants_picture = bool(message.get("on"))
                self._pages_changed()
            case "start":
                self._in_background(self._start(page, message))
            case "stop":
                self._in_background(self._stop())
            case str(name) if name in REMOTE_COMMANDS:
                self._in_background(self._send(REMOTE_COMMANDS[name]))
            case "cameras":
                self._in_background(self._find_cameras(), in_turn=False)
            case "load" | "save" | "delete" as action:
                self._in_background(self._keep(page, action, message))
            case _:
                page.tell(_notice("warning", "this page is older than the window's server; load it again"))

    # What the buttons do.

    async def _start(self, page: Page, message: Message) -> None:
        was_running = self.process.alive
        listed = await self._find_options()
        options = from_form(message.get("settings"), listed)
        extra = list(options.extra_args)
        if message.get("confirm") == extra:
            self._approvals.add(extra)
        if not self._approvals.covers(extra):
            text = "These settings start the tracker with further arguments. It can be told to write files. Start it?"
            page.tell(_question(text, extra, {**message, "confirm": extra}))
            return
        self._options = options
        try:
            save_profile(Profile(LAST_USED, options))
        except LauncherError as error:  # no reason not to start
            logger.warning("%s", error)
        self.pages.tell(_profiles())
        self._paused = False
        self.pages.tell(_notice("info", "Restarting with these settings." if was_running else "Starting."))
        for sentence in await in_thread(shared_receivers, options):
            self.pages.tell(_notice("warning", sentence))
        await in_thread(self.process.start, self._with_view(checked_options(options, listed)))
        self.pages.tell(self._state())

    async def _stop(self) -> None:
        await in_thread(self.process.stop)
        self.pages.tell(self._state())

    async def _send(self, command: Command) -> None:
        await in_thread(self.process.control.request, command.name)
        if command.name in ("pause", "resume"):
            self._paused = command.name == "pause"
            self.pages.tell(self._state())
        if command.name == "recentre":
            self.pages.tell({"type": "recentred"})
        self.pages.tell(_notice("info", command.done))

    async def _find_cameras(self) -> None:
        if self._searching:
            return
        self._searching = True
        self.pages.tell(self._camera_list())
        try:
            cameras = await in_thread(list_cameras, self._program)
            self._cameras = [{**dataclasses.asdict(camera), "selector": camera.selector} for camera in cameras]
        finally:
            self._searching = False
            self.pages.tell(self._camera_list())

    async def _find_options(self) -> tuple[Option, ...]:
        if self._listed is None:
            self._listed = await in_thread(list_options, self._program)
            self.pages.tell(_option_list(self._listed))
        return self._listed

    async def _find_formats(self) -> None:
        self._formats = [dataclasses.asdict(format) for format in await in_thread(list_formats, self._program)]
        self.pages.tell({"type": "formats", "formats": self._formats})

    async def _keep(self, page: Page, action: str, message: Message) -> None:
        name = str(message.get("name") or "").strip()
        if action == "load":
            self._options = load_profile(name).options
            page.tell({"type": "settings", "settings": to_form(self._options)})
        elif action == "save":
            options = from_form(message.get("settings"), await self._find_options())
            if name in profile_names() and message.get("replace") is not True:
                page.tell(_question(f"Replace the profile “{name}”?", [], {**message, "replace": True}))
                return
            save_profile(Profile(name, options))
        else:
            delete_profile(name)
        self.pages.tell(_profiles())
        page.tell(_notice("info", {"load": "Loaded", "save": "Saved", "delete": "Deleted"}[action] + f" “{name}”."))

    def _with_view(self, options: TrackerOptions) -> TrackerOptions:
        """`options` with the page as one more receiver."""
        receivers = options.receivers or (Receiver(),)  # naming any receiver replaces the tracker's default one
        return options.replace(receivers=(*receivers, Receiver("127.0.0.1", self._feed.port)))

    def _in_background(self, work: Coroutine[Any, Any, object], *, in_turn: bool = True) -> None:
        """in_turn: after what was asked for before, which looking for cameras need not hold up."""
        task = asyncio.get_running_loop().create_task(self._guarded(work, in_turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, object], in_turn: bool) -> None:
        """What goes wrong is said in words."""
        async with self._one_by_one if in_turn else contextlib.nullcontext():
            try:
                await work
            except LauncherError as error:
                self.pages.tell(self._state())
                self.pages.tell(_notice("error", str(error)))
            except Exception as error:  # a mistake of ours must not take the window down
                logger.warning("%s: %s", type(error).__name__, error)
                self.pages.tell(_notice("error", f"That failed unexpectedly: {error}"))

    # What the pages are told.

    def _state(self) -> Message:
        state = self.process.state
        active = state in (State.RUNNING, State.WAITING)
        return {
            "type": "state",
            "state": state.value,
            "explanation": self.process.explanation,
            "pid": self.process.pid,
            "version": self.process.version,
            "steerable": self.process.control.connected,
            "paused": self._paused and active,
            "running": to_form(self._options_running()) if active else None,
            "view_port": self._feed.port,
        }

    def _camera_list(self) -> Message:
        return {"type": "cameras", "cameras": self._cameras or [], "searching": self._searching}

    def _options_running(self) -> TrackerOptions:
        """What the tracker runs with, less the page as receiver."""
        options = self.process.options
        return options.replace(receivers=options.receivers[:-1])

    def _hear(self, event: Event) -> None:
        """Tell the pages of an event. In the library's thread for events."""
        if isinstance(event, StatisticsCame):
            paused = event.statistics.state == "paused"
            if paused != self._paused:  # by another launcher's command
                self._paused = paused
                self.pages.tell(self._state())
            self.pages.tell(_statistics(event.statistics))
            return
        if isinstance(event, Lines):
            self.pages.tell(_log(event.lines, event.left_out))
            time.sleep(LOG_PAUSE_S)
            return
        if isinstance(event, Started | Stopped):
            self._paused = False  # a new process tracks
        self.pages.tell(self._state())

    def _pages_changed(self) -> None:
        self._feed.watch(self.pages.watching)
        if self.pages.open and self._unsubscribe is None:
            self._unsubscribe = self.process.subscribe(self._hear)
            self._in_background(self._report_every(STATISTICS_EVERY_S), in_turn=False)
        elif not self.pages.open and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._in_background(self._report_every(None), in_turn=False)
        if self.pages.wants_picture and self._picturing is None:
            self._picturing = asyncio.get_running_loop().create_task(self._send_pictures())

    async def _report_every(self, seconds: float | None) -> None:
        with contextlib.suppress(ControlError):  # when no tracker is connected the next one is told
            await in_thread(self.process.control.report_every, seconds)

    async def _send_pictures(self) -> None:
        try:
            while self.pages.wants_picture:
                pause_s = RETRY_PICTURE_S
                if self.process.control.connected and not self._paused:
                    try:
                        jpeg = await in_thread(self.process.control.picture)
                    except ControlError as error:
                        logger.debug("no picture: %s", error)
                    else:
                        self.pages.show_picture(bytes([PICTURE]) + jpeg)
                        pause_s = PICTURE_PAUSE_S
                await asyncio.sleep(pause_s)
        finally:
            self._picturing = None


def _last_used() -> TrackerOptions:
    try:
        return load_profile(LAST_USED).options
    except LauncherError:
        return TrackerOptions(receivers=(Receiver(),))


def _profiles() -> Message:
    return {"type": "profiles", "names": list(profile_names())}


def _notice(level: str, text: str) -> Message:
    return {"type": "notice", "level": level, "text": text[:1].upper() + text[1:]}


def _option_list(listed: Sequence[Option]) -> Message:
    """The options that the form shows, and the names of those without a field."""
    shown = [dataclasses.asdict(option) for option in listed if option.form is not None]
    return {
        "type": "options",
        "options": shown,
        "without_field": [option.name for option in listed if option.form is None],
    }


def _question(text: str, details: Sequence[str], request: Message) -> Message:
    """Asks the user before something is done. request: what the page sends when the user agrees."""
    return {"type": "confirm", "text": text, "details": list(details), "request": request}


def _log(lines: Sequence[LogLine], left_out: int) -> Message:
    shown = lines[-LOG_LINES:]
    return {
        "type": "log",
        "lines": [{"time": line.unix_time, "stream": line.stream, "text": line.text} for line in shown],
        "left_out": left_out + len(lines) - len(shown),
    }


def _statistics(statistics: Statistics) -> Message:
    return {
        "type": "statistics",
        "state": statistics.state,
        "fps": statistics.fps,
        "cpu_percent": statistics.cpu_percent,
        "memory_bytes": statistics.memory_bytes,
        "dropped": statistics.dropped,
        "source": statistics.source,
        "granted": statistics.negotiated_mode,
    }
