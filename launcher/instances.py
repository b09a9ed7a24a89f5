"""Lets other shells query, control and stop a running launcher.

While a launcher runs a tracker, a file that only its user can read has the address and token of its listener.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from launcher.connection import JsonLineConnection
from launcher.control import ControlError
from launcher.errors import LauncherError
from launcher.listener import AuthenticatedListener
from launcher.process import TrackerProcess
from launcher.profiles import runtime_folder
from protocol.atomic_file import write_atomically
from protocol.control import MAX_LINE_BYTES, VERSION, ControlAddress, ControlMessageError, Message
from protocol.control_commands import REMOTE_COMMANDS
from protocol.foreign_json import field, integer, parse_object, real, text

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S = 2.0
REPLY_LIMIT_S = 15.0
"""A tracker may take this long to end: it completes its files first."""
ANSWER_LIMIT_S = 2.0


class RemoteAccess:
    """Answers `status`, `stop` and the tracker's own commands from other shells, as a context manager.

    on_stop: called after a tracker was stopped that way. on_window: called to admit one more browser to the window;
    returns the link and file to open. on_avatar: called with a request for the avatar's expressions; returns which
    are on. None = there is no window.
    """

    def __init__(
        self,
        tracker: TrackerProcess,
        folder: Path | None = None,
        on_stop: Callable[[], object] = lambda: None,
        on_window: Callable[[], Message] | None = None,
        on_avatar: Callable[[Message], Message] | None = None,
    ) -> None:
        self._tracker = tracker
        self._folder = folder
        self._on_stop = on_stop
        self._on_window = on_window
        self._on_avatar = on_avatar
        self._listener: AuthenticatedListener | None = None
        self._path: Path | None = None
        self._answering = 0
        self._answered = threading.Condition()

    def __enter__(self) -> RemoteAccess:
        self.open()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def open(self) -> None:
        """Listen, and write the file. Raises LauncherError when that is not possible safely."""
        self._listener = AuthenticatedListener("launcher-remote", self._serve)
        try:
            folder = private_folder(self._folder or runtime_folder())
            path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
            content = {
                "version": VERSION,
                "pid": os.getpid(),
                "started": time.time(),
                "control": str(self._listener.address),
            }
            write_atomically(path, json.dumps(content), durable=False)
        except OSError as error:
            self.close()
            raise LauncherError(f"the file for 'status' and 'stop' cannot be written: {error}") from error
        except LauncherError:
            self.close()
            raise
        self._path = path

    def close(self) -> None:
        """Remove the file and accept no more callers, after pending requests were answered. Safe to call twice."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
            self._path = None
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        with self._answered:  # the process may end next, and the caller of 'stop' waits for the answer
            self._answered.wait_for(lambda: self._answering == 0, ANSWER_LIMIT_S)

    def _serve(self, channel: JsonLineConnection, hello: Message) -> None:
        while True:
            try:
                message = channel.receive()
            except ControlMessageError as error:
                channel.send({"type": "reply", "id": None, "ok": False, "error": str(error)})
                continue
            if message is None:
                return
            with self._answered:
                self._answering += 1
            try:
                self._reply(channel, message)
            finally:
                with self._answered:
                    self._answering -= 1
                    self._answered.notify_all()
            if message.get("command") == "stop":
                self._on_stop()

    def _reply(self, channel: JsonLineConnection, message: Message) -> None:
        try:
            values = self._answer(message.get("command"), message)
        except LauncherError as error:
            values = {"ok": False, "error": str(error)}
        channel.send({"type": "reply", "id": message.get("id"), "ok": True, **values})

    def _answer(self, command: Any, message: Message) -> Message:
        if command == "status":
            return status_of(self._tracker)
        if command == "stop":
            self._tracker.stop()
            return status_of(self._tracker)
        if command == "window":
            if self._on_window is None:
                raise LauncherError("there is no window")
            return self._on_window()
        if command == "avatar":
            if self._on_avatar is None:
                raise LauncherError("there is no window")
            return self._on_avatar(message)
        if isinstance(command, str) and command in REMOTE_COMMANDS:
            try:
                values = REMOTE_COMMANDS[command].values(message)
            except ControlMessageError as error:
                raise ControlError(str(error)) from error
            reply = self._tracker.control.request(command, **values)
            return {name: value for name, value in reply.items() if name not in ("type", "id", "ok")}
        names = ", ".join(("status", "stop", *REMOTE_COMMANDS))
        raise ControlError(f"there is no command {str(command)[:40]!r}; commands are {names}")


def status_of(tracker: TrackerProcess) -> Message:
    """The state of `tracker` as JSON values."""
    statistics = tracker.statistics
    return {
        "state": tracker.state.value,
        "pid": tracker.pid,
        "exit_code": tracker.exit_code,
        "explanation": tracker.explanation,
        "version": tracker.version,
        "arguments": list(tracker.options.arguments()),
        "statistics": None if statistics is None else dict(statistics.raw),
    }


@dataclass(frozen=True, slots=True)
class RunningLauncher:
    """A running launcher. pid: of the launcher itself."""

    pid: int
    address: ControlAddress

    def ask(self, command: str, **values: Any) -> Message:
        """Its reply to `command`. Raises LauncherError when it does not reply or refuses."""
        where = f"the launcher with process id {self.pid}"
        try:
            connection = socket.create_connection((self.address.host, self.address.port), CONNECT_LIMIT_S)
        except OSError as error:
            raise LauncherError(f"{where} does not answer: {error}") from error
        channel = JsonLineConnection(connection)
        channel.limit(1.0, MAX_LINE_BYTES)
        try:
            channel.send({"type": "hello", "protocol": VERSION, "token": self.address.token, "pid": os.getpid()})
            channel.send({"id": 1, "command": command, **values})
            reply = channel.receive(time.monotonic() + REPLY_LIMIT_S)
        except (OSError, ControlMessageError) as error:
            raise LauncherError(f"{where} does not answer: {error or 'it took too long'}") from error
        finally:
            channel.close()
        if reply is None:
            raise LauncherError(f"{where} disconnected")
        if reply.get("ok") is not True:
            raise LauncherError(f"{where} refused: {reply.get('error')}")
        return {key: value for key, value in reply.items() if key not in ("type", "id", "ok")}


def running_launchers(folder: Path | None = None) -> tuple[RunningLauncher, ...]:
    """All launchers of this user that run a tracker, oldest first. Files left behind by crashes are removed."""
    found: list[tuple[float, RunningLauncher]] = []
    try:
        folder = folder or runtime_folder()
        if not folder.is_dir() or not _is_private(folder):
            return ()
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return ()
    for path in paths:
        try:
            content: Mapping[str, Any] = parse_object(path.read_bytes())
            pid, started = integer(field(content, "pid"), 1, (1 << 31) - 1), real(field(content, "started"))
            address = ControlAddress.parse(text(field(content, "control")))
        except (OSError, ValueError) as error:
            logger.debug("%s: %s", path, error)
            continue
        if _runs(pid) and _listens(address):
            found.append((started, RunningLauncher(pid, address)))
        else:
            with suppress(OSError):
                path.unlink()
    return tuple(launcher for _, launcher in sorted(found, key=lambda entry: entry[0]))


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _listens(address: ControlAddress) -> bool:
    """Whether anything does. PIDs are reused, and a creation time shifts with the clock, so neither suffices."""
    try:
        socket.create_connection((address.host, address.port), CONNECT_LIMIT_S).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # it may be busy
        return True
    return True


def private_folder(folder: Path) -> Path:
    """`folder`, created if necessary. Raises LauncherError if other users could read or replace its files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(folder):
        raise LauncherError(f"other users have access to {folder}: remove it, or make it private with 'chmod 700'")
    return folder


def _is_private(folder: Path) -> bool:
    """Whether nobody else can read what is in `folder`, or replace it or a folder on the way."""
    status = folder.stat(follow_symlinks=False)
    private = stat.S_ISDIR(status.st_mode)
    if sys.platform != "win32":  # there it lies in the user's own part of the disk
        private = private and status.st_uid == os.getuid() and not status.st_mode & 0o077
        trusted = (os.getuid(), 0, Path("/").stat().st_uid)  # in a sandbox, root's folders may seem to be nobody's
        for parent in folder.absolute().parents:
            status = parent.stat()
            anybodys = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX  # /tmp has the sticky bit
            private = private and status.st_uid in trusted and not anybodys
    return private
