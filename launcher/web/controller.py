"""Connects the pages with the tracker: executes what their buttons request and broadcasts its state."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from launcher.approvals import Approvals
from launcher.control import ControlError
from launcher.errors import LauncherError
from launcher.events import Event, Lines, StatisticsCame
from launcher.option_list import Option, checked_options, list_options
from launcher.options import Receiver, TrackerOptions
from launcher.output_log import LogLine
from launcher.process import State, TrackerProcess
from launcher.profiles import Profile, delete_profile, existing_name, load_profile, profile_names, save_profile
from launcher.queries import list_cameras, list_formats
from launcher.sharing import shared_receivers
from launcher.statistics import Statistics
from launcher.web import taught
from launcher.web.clients import Message, Page, Pages
from launcher.web.daemon_thread import in_thread
from launcher.web.form import from_form, to_form
from launcher.web.frames import PICTURE
from launcher.web.live_view import LiveView
from launcher.web.stage import Stage
from launcher.web.stage_storage import StageStorage
from launcher.web.taught_follower import TaughtFollower
from protocol.control_commands import REMOTE_COMMANDS, Command
from protocol.foreign_json import ForeignJsonError, parse_json

logger = logging.getLogger(__name__)

LAST_USED = "Last used"
"""The profile that stores the settings of each start."""
LOG_LINES = 200
"""The most lines that a page receives when it connects, and at once."""
LOG_PAUSE_S = 0.25
"""Pause after lines were sent; what the tracker prints meanwhile is sent together."""
STATISTICS_EVERY_S = 1.0
PICTURE_PAUSE_S = 0.15
"""Pause between two pictures: the tracker could send ten per second, more than is needed to see the camera."""
RETRY_PICTURE_S = 1.0


class Controller:
    """Owns one tracker, whose state all pages share.

    program: the command that starts the tracker; None = find it. options: initial content of the form; None = the
    last settings used. While no page is connected nothing runs here: no statistics are requested, no packets read.
    Every method but `close` is for the server's event loop.
    """

    def __init__(self, program: Sequence[str] | None = None, options: TrackerOptions | None = None) -> None:
        self.pages = Pages(self._pages_changed)
        self._program = tuple(program) if program is not None else None
        self.process = TrackerProcess(program=self._program, statistics_every_s=None)
        """The tracker."""
        self._troubles: list[str] = []  # what the first page to connect is told
        self._options = options or self._last_used()
        self._receivers: tuple[Receiver, ...] = ()  # of the last start, as they were chosen
        self._approvals = Approvals()
        self._live_view = LiveView(self.pages.broadcast_frame)
        self.stage = Stage(self.pages, StageStorage(), self._live)
        """What all pages show alike."""
        if self.stage.storage.trouble:
            self._troubles.append(self.stage.storage.trouble)
        self._taught = TaughtFollower(self.process.control, self.stage.show_taught, lambda: self.pages.open)
        self._told = (False, False)  # whether pages show it as paused, and the mouth as muted
        self._cameras: list[Message] | None = None
        self._searching = False
        self._formats: list[Message] | None = None
        self._listed: tuple[Option, ...] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._in_turn_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._picturing: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Stop the tracker and the live view. Blocks until the tracker is gone."""
        self.process.stop()
        self._live_view.close()

    def on_connect(self, page: Page) -> None:
        """Send the complete state to a page that has just connected."""
        if not page.is_guest:
            page.send(self.stage.for_obs())
        page.send(self.stage.described())
        if page.is_guest:
            return
        page.send({"type": "settings", "settings": to_form(self._options), "first_run": not _is_used()})
        page.send(self._state())
        page.send(self._sensitivity())
        page.send(_profiles())
        while self._troubles:
            page.send(_notice("warning", self._troubles.pop(0)))
        page.send(_log(self.process.output, 0))
        if self._listed is None:
            self._in_background(self._list_options(), in_turn=False)
        else:
            page.send(_option_list(self._listed))
        if self._formats is None:
            self._in_background(self._list_formats(), in_turn=False)
        else:
            page.send({"type": "formats", "formats": self._formats})
        if self._cameras is None:
            page.send(self._camera_list(searching=True))  # as they are from now on
            self._in_background(self._list_cameras(), in_turn=False)
        else:
            page.send(self._camera_list())

    def on_message(self, page: Page, message: Message) -> None:
        """Execute a request of a page. One that only looks on may say whether it is visible, and no more."""
        if message.get("do") == "watch":
            page.watching = bool(message.get("on"))
            self._pages_changed()
            return
        if page.is_guest:
            return
        try:
            if self.stage.on_message(page, message):
                return
        except LauncherError as error:
            page.send(_notice("error", str(error)))
            return
        match message.get("do"):
            case "picture":
                page.wants_picture = bool(message.get("on"))
                self._pages_changed()
            case "start":
                self._in_background(self._start(page, message))
            case "stop":
                self._in_background(self._stop())
            case str(name) if name in REMOTE_COMMANDS:
                self._in_background(self._send(REMOTE_COMMANDS[name]))
            case "sensitivity":
                self._in_background(self._change_sensitivity(message))
            case "expression":
                self._in_background(self._answer_expression(page, message), in_turn=False)
            case "cameras":
                self._in_background(self._list_cameras(), in_turn=False)
            case "load" | "save" | "delete" as action:
                self._in_background(self._manage_profile(page, action, message))
            case _:
                page.send(_notice("warning", "this page is older than the window's server: reload it"))

    def on_bytes(self, page: Page, data: bytes) -> None:
        """Take a piece of a file for the stage."""
        try:
            self.stage.on_bytes(page, data)
        except LauncherError as error:
            page.send(_notice("error", str(error)))

    # Requests of the pages.

    async def _start(self, page: Page, message: Message) -> None:
        was_running = self.process.alive
        listed = await self._list_options()
        options = self._from_page(message, listed)
        extra = list(options.extra_args)
        if message.get("confirm") == extra:
            self._approvals.add(extra)
        if not self._approvals.covers(extra):
            text = "These settings start the tracker with additional arguments, which may write files. Start it?"
            page.send(_question(text, extra, {**message, "confirm": extra}))
            return
        self._options = options
        self._receivers = options.receivers
        page.send({"type": "kept", "given": message.get("settings"), "settings": to_form(options)})
        try:
            save_profile(Profile(LAST_USED, options))
        except LauncherError as error:  # must not prevent the start
            logger.warning("%s", error)
        self.pages.broadcast(_profiles())
        self.pages.broadcast(_notice("info", "Restarting with these settings." if was_running else "Starting."))
        for sentence in await in_thread(shared_receivers, self._with_view(options)):
            self.pages.broadcast(_notice("warning", sentence))
        await in_thread(self.process.start, self._with_view(checked_options(options, listed)))
        self._broadcast_state()

    async def _stop(self) -> None:
        await in_thread(self.process.stop)
        self._broadcast_state()

    async def _send(self, command: Command) -> None:
        await in_thread(self.process.control.request, command.name)
        if self._holding() != self._told:
            self._broadcast_state()
        if command.name == "recentre":
            self.pages.broadcast({"type": "recentred"}, guests=True)
        self.pages.broadcast(_notice("info", command.done))

    async def _change_sensitivity(self, message: Message) -> None:
        """Apply it at once, and from now on at each start with these settings."""
        settings = message.get("settings")
        if not isinstance(settings, dict):
            raise LauncherError("sensitivity must be an object of coefficients")
        if self.process.control.connected:
            await in_thread(self.process.control.change_sensitivity, settings)
        text = json.dumps(settings, separators=(",", ":")) if settings else None
        self._options = self._options.replace(sensitivity=text)
        self.process.amend(self.process.options.replace(sensitivity=text))
        self.pages.broadcast(self._sensitivity())
        if _is_used():
            save_profile(Profile(LAST_USED, load_profile(LAST_USED).options.replace(sensitivity=text)))

    async def _answer_expression(self, page: Page, message: Message) -> None:
        page.send(await taught.answer(self.process.control, message))

    async def _list_cameras(self) -> None:
        if self._searching:
            return
        self._searching = True
        self.pages.broadcast(self._camera_list())
        try:
            cameras = await in_thread(list_cameras, self._program)
            self._cameras = [{**dataclasses.asdict(camera), "selector": camera.selector} for camera in cameras]
        finally:
            self._searching = False
            self.pages.broadcast(self._camera_list())

    async def _list_options(self) -> tuple[Option, ...]:
        if self._listed is None:
            self._listed = await in_thread(list_options, self._program)
            self.pages.broadcast(_option_list(self._listed))
        return self._listed

    async def _list_formats(self) -> None:
        self._formats = [dataclasses.asdict(format) for format in await in_thread(list_formats, self._program)]
        self.pages.broadcast({"type": "formats", "formats": self._formats})

    async def _manage_profile(self, page: Page, action: str, message: Message) -> None:
        name = str(message.get("name") or "").strip()
        if action == "load":
            self._options = load_profile(name).options
            page.send({"type": "settings", "settings": to_form(self._options), "loaded": True})
            self.pages.broadcast(self._sensitivity())
        elif action == "save":
            options = self._from_page(message, await self._list_options())
            existing = existing_name(name)
            name = existing or name
            if existing is not None and message.get("replace") is not True:
                page.send(_question(f"Replace the profile “{name}”?", [], {**message, "replace": True}))
                return
            save_profile(Profile(name, options))
        else:
            delete_profile(name)
        self.pages.broadcast(_profiles())
        page.send(_notice("info", {"load": "Loaded", "save": "Saved", "delete": "Deleted"}[action] + f" “{name}”."))

    def _from_page(self, message: Message, listed: Sequence[Option]) -> TrackerOptions:
        """The settings in a page's request, with the sensitivity as it is now: it is changed beside the form."""
        options = from_form(message.get("settings"), listed)
        return options.replace(sensitivity=self._options.values.get("sensitivity"))

    def _last_used(self) -> TrackerOptions:
        try:
            if _is_used():
                return load_profile(LAST_USED).options
        except LauncherError as error:  # it is set aside when the next start replaces it
            logger.warning("%s", error)
            self._troubles.append(str(error))
        return TrackerOptions(receivers=(Receiver(),))

    def _with_view(self, options: TrackerOptions) -> TrackerOptions:
        """`options` with the live view as an additional receiver."""
        receivers = options.receivers or (Receiver(),)  # naming any receiver replaces the tracker's default one
        port = self._live_view.port
        return options.replace(receivers=(*receivers, Receiver("127.0.0.1", port, "json", (("packed", "1"),))))

    def _in_background(self, work: Coroutine[Any, Any, object], *, in_turn: bool = True) -> None:
        """in_turn: after earlier requests; listing cameras need not wait for them."""
        task = asyncio.get_running_loop().create_task(self._guard(work, in_turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, object], in_turn: bool) -> None:
        """Run `work` and show its errors as notices."""
        async with self._in_turn_lock if in_turn else contextlib.nullcontext():
            try:
                await work
            except LauncherError as error:
                self._broadcast_state()
                self.pages.broadcast(_notice("error", str(error)))
            except Exception as error:  # a bug must not end the window
                logger.warning("%s: %s", type(error).__name__, error)
                self.pages.broadcast(_notice("error", f"Unexpected error: {error}"))

    # State for the pages.

    def _holding(self) -> tuple[bool, bool]:
        standing = self.process.control.standing
        return standing.paused, standing.mouth_muted

    def _broadcast_state(self) -> None:
        self._told = self._holding()
        self.pages.broadcast(self._state())
        if self.pages.guests:
            self.stage.broadcast()

    def _state(self) -> Message:
        state = self.process.state
        active = state in (State.RUNNING, State.WAITING)
        paused, mouth_muted = self._holding()
        return {
            "type": "state",
            "state": state.value,
            "explanation": self.process.explanation,
            "pid": self.process.pid,
            "version": self.process.version,
            "steerable": self.process.control.connected,
            "paused": paused and active,
            "mouth_muted": mouth_muted and active,
            "running": to_form(self._options_running()) if active else None,
            "view_port": self._live_view.port,
        }

    def _sensitivity(self) -> Message:
        settings: Any = None
        with contextlib.suppress(ForeignJsonError):
            settings = parse_json(str(self._options.values.get("sensitivity") or "{}"))
        return {"type": "sensitivity", "settings": settings if isinstance(settings, dict) else {}}

    def _live(self) -> Message:
        active = self.process.state in (State.RUNNING, State.WAITING)
        return {"running": active, "mirror_input": active and bool(self.process.options.values.get("mirror_input"))}

    def _camera_list(self, *, searching: bool = False) -> Message:
        return {"type": "cameras", "cameras": self._cameras or [], "searching": searching or self._searching}

    def _options_running(self) -> TrackerOptions:
        """The options of the running tracker as they were chosen: without the receivers that `_with_view` adds."""
        return self.process.options.replace(receivers=self._receivers)

    def _on_event(self, event: Event) -> None:
        """Broadcast an event to the pages. Runs in the dispatcher's thread."""
        if isinstance(event, StatisticsCame):
            if self._holding() != self._told:  # by a command from another shell
                self._broadcast_state()
            self.pages.broadcast(_statistics(event.statistics, self._live_view.port))
            return
        if isinstance(event, Lines):
            self.pages.broadcast(_log(event.lines, event.left_out))
            time.sleep(LOG_PAUSE_S)
            return
        self._broadcast_state()

    def _pages_changed(self) -> None:
        self._live_view.watch(self.pages.watching)
        if self.pages.open and self._unsubscribe is None:
            self._unsubscribe = self.process.subscribe(self._on_event)
            self._in_background(self._report_every(STATISTICS_EVERY_S), in_turn=False)
        elif not self.pages.open and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._in_background(self._report_every(None), in_turn=False)
        self._taught.update()
        if self.pages.wants_picture and self._picturing is None:
            self._picturing = asyncio.get_running_loop().create_task(self._send_pictures())

    async def _report_every(self, seconds: float | None) -> None:
        with contextlib.suppress(ControlError):  # without a connected tracker the next one is asked
            await in_thread(self.process.control.report_every, seconds)

    async def _send_pictures(self) -> None:
        try:
            while self.pages.wants_picture:
                pause_s = RETRY_PICTURE_S
                if self.process.control.connected and not self.process.control.standing.paused:
                    try:
                        jpeg = await in_thread(self.process.control.picture)
                    except ControlError as error:
                        logger.debug("no picture: %s", error)
                    else:
                        self.pages.broadcast_picture(bytes([PICTURE]) + jpeg)
                        pause_s = PICTURE_PAUSE_S
                await asyncio.sleep(pause_s)
        finally:
            self._picturing = None


def _is_used() -> bool:
    """Whether anything was ever started from here."""
    return LAST_USED in profile_names()


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
    """Asks the user for confirmation. request: sent by the page when the user agrees."""
    return {"type": "confirm", "text": text, "details": list(details), "request": request}


def _log(lines: Sequence[LogLine], left_out: int) -> Message:
    shown = lines[-LOG_LINES:]
    return {
        "type": "log",
        "lines": [{"time": line.unix_time, "stream": line.stream, "text": line.text} for line in shown],
        "left_out": left_out + len(lines) - len(shown),
    }


def _statistics(statistics: Statistics, view_port: int) -> Message:
    """view_port: the live view's, which is not a receiver of the user's."""
    targets = statistics.raw.get("targets")
    shown = [each for each in targets if each.get("port") != view_port] if isinstance(targets, list) else []
    return {
        "type": "statistics",
        "state": statistics.state,
        "fps": statistics.fps,
        "cpu_percent": statistics.cpu_percent,
        "memory_bytes": statistics.memory_bytes,
        "dropped": statistics.dropped,
        "source": statistics.source,
        "granted": statistics.negotiated_mode,
        "targets": shown,
    }
