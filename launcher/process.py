"""One tracker as a process: started, watched, started again when it crashes, and stopped."""

from __future__ import annotations

import enum
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

import psutil

from launcher.control import ControlError, TrackerControl
from launcher.errors import LauncherError
from launcher.events import (
    Callback,
    Connected,
    Crashed,
    Event,
    EventDispatcher,
    Refused,
    Restarting,
    Started,
    StatisticsCame,
    Stopped,
)
from launcher.exit_reasons import REFUSALS, explain, last_error
from launcher.locate import find_tracker
from launcher.options import TrackerOptions
from launcher.output_log import LineReader, LogLine, Stream, Transcript
from launcher.spawning import Process, child_environment, spawn
from launcher.statistics import Statistics
from protocol.control import VARIABLE, Message

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16
_READER_LIMIT_S = 1.0


class State(enum.Enum):
    """What a tracker is up to."""

    STOPPED = "stopped"
    RUNNING = "running"
    WAITING = "waiting"
    """It crashed and is started again soon."""
    REFUSED = "refused"
    """It cannot work with its settings."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Limits in seconds.

    first_pause, longest_pause: before a crashed tracker is started again; each pause is twice the one before.
    steady: a tracker that ran so long has not crashed at once, and the pauses begin anew.
    quit, terminate, kill: how long each way of ending it may take before the next one.
    """

    first_pause: float = 1.0
    longest_pause: float = 30.0
    steady: float = 60.0
    quit: float = 6.0
    terminate: float = 3.0
    kill: float = 3.0


class TrackerProcess:
    """Runs the tracker with `options`. May be used from any thread, and as a context manager that stops it.

    program: the words that start the tracker; None = look for it when it is needed.
    statistics_every_s: how often it reports; None = only when asked.
    """

    def __init__(
        self,
        options: TrackerOptions | None = None,
        *,
        program: Sequence[str] | None = None,
        statistics_every_s: float | None = 1.0,
        restart_policy: RestartPolicy | None = None,
    ) -> None:
        self._options = options or TrackerOptions()
        self._program = tuple(program) if program is not None else None
        self._restart_policy = restart_policy or RestartPolicy()
        self._transcript = Transcript()
        self._dispatcher = EventDispatcher(self._transcript)
        self.control = TrackerControl(self._said_hello, self._told_statistics, statistics_every_s)
        """Recentres, pauses and asks the running tracker."""
        self._lock = threading.Lock()  # of the state below
        self._ordering = threading.RLock()  # start, stop and restart come one after the other
        self._state = State.STOPPED
        self._process: Process | None = None
        self._exit_code: int | None = None
        self._explanation: str | None = None
        self._statistics: Statistics | None = None
        self._version: str | None = None
        self._stopping = threading.Event()
        self._supervisor: threading.Thread | None = None

    def __enter__(self) -> TrackerProcess:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def options(self) -> TrackerOptions:
        """What the tracker was, or will be, started with."""
        return self._options

    @property
    def state(self) -> State:
        """What it is up to."""
        return self._state

    @property
    def alive(self) -> bool:
        """Whether a process runs now."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def pid(self) -> int | None:
        """The number of the running process."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended: negative for a signal, None before the first end."""
        return self._exit_code

    @property
    def explanation(self) -> str | None:
        """Why it ended, in the user's words, where that was not wanted."""
        return self._explanation

    @property
    def output(self) -> tuple[LogLine, ...]:
        """The newest lines of what it printed."""
        return self._transcript.lines()

    @property
    def statistics(self) -> Statistics | None:
        """Its last report; None while it has not made one or does not run."""
        return self._statistics

    @property
    def version(self) -> str | None:
        """The running tracker's version, once it has dialled in."""
        return self._version

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with every `Event` in a thread of its own. Returns what ends that."""
        return self._dispatcher.subscribe(callback)

    def flush(self, timeout_s: float = 1.0) -> None:
        """Wait until the callbacks were told of everything so far. Not from within one."""
        self._dispatcher.flush(timeout_s)

    def start(self, options: TrackerOptions | None = None) -> None:
        """Start it; one that runs is stopped first and started with the new settings.

        Raises LauncherError when there is no tracker or the system does not start it.
        """
        with self._ordering:
            self.stop()
            if options is not None:
                self._options = options
            self._stopping = threading.Event()
            self._exit_code = None
            process = self._spawn()
            supervisor = threading.Thread(
                target=self._supervise, args=(process, self._stopping), name="launcher-supervisor", daemon=True
            )
            supervisor.start()
            self._supervisor = supervisor

    def restart(self, options: TrackerOptions | None = None) -> None:
        """The same as `start`, for readers."""
        self.start(options)

    def stop(self) -> int | None:
        """End it and return its exit code. Asks first, then insists; returns when it is gone, or cannot be ended."""
        with self._ordering:
            self._stopping.set()
            process = self._process
            if process is not None and process.poll() is None:
                self._end(process)
            if self._supervisor is not None and self._supervisor is not threading.current_thread():
                self._supervisor.join(self._restart_policy.terminate + self._restart_policy.kill)
                self._supervisor = None
            return self._exit_code

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended for good, restarts included; whether that came."""
        supervisor = self._supervisor
        if supervisor is not None:
            supervisor.join(timeout_s)
            return not supervisor.is_alive()
        return True

    def _spawn(self) -> Process:
        command = [*(self._program or find_tracker()), *self._options.arguments(), f"--parent-pid={os.getpid()}"]
        with self._lock:  # before it can say hello
            self._explanation = self._statistics = self._version = None
        environment = child_environment()
        environment[VARIABLE] = str(self.control.open())
        self._note(f"starting: {_readable(command)}")
        try:
            process = spawn(command, environment)
        except LauncherError as error:
            self.control.close()
            self._note(str(error))
            raise
        with self._lock:
            self._process = process
            self._state = State.RUNNING
        self._dispatcher.emit(Started(process.pid))
        return process

    def _supervise(self, process: Process, stopping: threading.Event) -> None:
        """From one start to the end, with all restarts between. In a thread of its own."""
        pauses = 0
        while True:
            begin = time.monotonic()
            exit_code, error = self._watch(process)
            if stopping.is_set() or exit_code == 0:
                self._ended(State.STOPPED, exit_code, None, Stopped(exit_code))
                return
            explanation = explain(exit_code, error)
            self._note(explanation)
            if exit_code in REFUSALS:
                self._ended(State.REFUSED, exit_code, explanation, Refused(exit_code, explanation))
                return
            pauses = 1 if time.monotonic() - begin >= self._restart_policy.steady else pauses + 1
            self._ended(State.WAITING, exit_code, explanation, Crashed(exit_code, explanation))
            restarted = self._start_again(pauses, stopping)
            if restarted is None:
                return
            process = restarted

    def _start_again(self, attempt: int, stopping: threading.Event) -> Process | None:
        """After a pause; None when it was stopped meanwhile or cannot be started any more."""
        pause_s = min(self._restart_policy.first_pause * 2 ** (attempt - 1), self._restart_policy.longest_pause)
        self._dispatcher.emit(Restarting(pause_s, attempt))
        self._note(f"starting it again in {pause_s:g} s")
        if stopping.wait(pause_s):
            self._ended(State.STOPPED, self._exit_code, self._explanation, Stopped(self._exit_code or 0))
            return None
        try:
            process = self._spawn()
        except LauncherError as error:
            code = self._exit_code or 1
            self._ended(State.REFUSED, code, str(error), Refused(code, str(error)))
            return None
        if stopping.is_set():  # asked for while it was being started, so that nobody saw it to end it
            self._end(process)
        return process

    def _watch(self, process: Process) -> tuple[int, str | None]:
        """Drain what `process` prints until it ends. Its exit code and its last error."""
        errors: list[LogLine] = []
        readers = [
            threading.Thread(target=self._drain, args=(pipe, stream, errors), name=f"launcher-{stream}", daemon=True)
            for pipe, stream in ((process.stdout, "out"), (process.stderr, "err"))
        ]
        for reader in readers:
            reader.start()
        exit_code = process.wait()
        for reader in readers:  # something it started may still hold the pipe
            reader.join(_READER_LIMIT_S)
        self.control.close()
        return exit_code, last_error(errors)

    def _drain(self, pipe: IO[bytes], stream: Stream, errors: list[LogLine]) -> None:
        reader = LineReader(stream)
        while True:
            try:
                data = os.read(pipe.fileno(), _CHUNK)
            except OSError:
                data = b""
            lines = reader.feed(data or b"\n")
            if not data and lines and lines[-1].text == "":
                lines.pop()
            if lines:
                if stream == "err":
                    errors += lines
                    del errors[:-20]
                self._transcript.add(lines)
                self._dispatcher.lines_came()
            if not data:
                pipe.close()
                return

    def _ended(self, state: State, exit_code: int | None, explanation: str | None, event: Event) -> None:
        with self._lock:
            self._state = state
            self._exit_code = exit_code
            self._explanation = explanation
            self._statistics = self._version = None
        self._dispatcher.emit(event)

    def _end(self, process: Process) -> None:
        """Ask over the control channel, then with a signal, then with one that cannot be ignored."""
        try:
            self.control.quit()
        except ControlError as error:
            self._note(f"the tracker cannot be asked to end ({error}); it is terminated")
        else:
            if _ends_within(process, self._restart_policy.quit):
                return
            self._note("the tracker does not end when asked; it is terminated")
        children = _children(process)
        process.terminate()
        if not _ends_within(process, self._restart_policy.terminate):
            self._note("the tracker does not end when terminated; it is killed")
            process.kill()
            _ends_within(process, self._restart_policy.kill)
        for child in children:  # a frozen program of one file is two processes
            with suppress(psutil.Error):
                child.kill()

    def _said_hello(self, hello: Message) -> None:
        with self._lock:
            self._version = str(hello.get("version", ""))
        pid = hello.get("pid")
        self._dispatcher.emit(Connected(pid if isinstance(pid, int) else 0, str(hello.get("version", ""))))

    def _told_statistics(self, statistics: Statistics) -> None:
        with self._lock:
            self._statistics = statistics
        self._dispatcher.emit(StatisticsCame(statistics))

    def _note(self, text: str) -> None:
        self._transcript.add([LogLine(time.time(), "launcher", text)])
        self._dispatcher.lines_came()


def _ends_within(process: Process, limit_s: float) -> bool:
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _children(process: Process) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
        return children
    except psutil.Error:
        return []


def _readable(command: Sequence[str]) -> str:
    return " ".join(f'"{word}"' if " " in word else word for word in command)
