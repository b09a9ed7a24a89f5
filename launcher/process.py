"""One tracker process: started, supervised, restarted after a crash, and stopped."""

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
    """The state of a tracker process."""

    STOPPED = "stopped"
    RUNNING = "running"
    WAITING = "waiting"
    """It crashed and will be restarted."""
    REFUSED = "refused"
    """It cannot work with its settings and is not restarted."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Limits in seconds.

    first_pause, longest_pause: before a crashed tracker is restarted; each pause is twice the previous one.
    steady: after a run of this length the pauses start again from the first.
    quit, terminate, kill: how long each way of ending it may take before the next one is tried.
    """

    first_pause: float = 1.0
    longest_pause: float = 30.0
    steady: float = 60.0
    quit: float = 6.0
    terminate: float = 3.0
    kill: float = 3.0


class TrackerProcess:
    """Runs the tracker with `options`. May be used from any thread, and as a context manager that stops it.

    program: the command that starts the tracker; None = find it when needed.
    statistics_every_s: interval of its reports; None = none.
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
        self.control = TrackerControl(self._on_hello, self._on_statistics, statistics_every_s)
        """Sends commands to the running tracker."""
        self._lock = threading.Lock()  # of the state below
        self._lifecycle_lock = threading.RLock()  # start, stop and restart exclude each other
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
        """The options of the current or next start."""
        return self._options

    def amend(self, options: TrackerOptions) -> None:
        """Use `options` should the tracker have to be started again; the running one is not touched."""
        self._options = options

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    @property
    def alive(self) -> bool:
        """Whether a process is running."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """Exit code of the last process: negative for a signal, None before the first end."""
        return self._exit_code

    @property
    def explanation(self) -> str | None:
        """Why it ended unexpectedly, in a sentence for the user."""
        return self._explanation

    @property
    def output(self) -> tuple[LogLine, ...]:
        """The newest lines of its output."""
        return self._transcript.lines()

    @property
    def statistics(self) -> Statistics | None:
        """Its last report; None before the first one and while it does not run."""
        return self._statistics

    @property
    def version(self) -> str | None:
        """The running tracker's version, once it has connected."""
        return self._version

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with every `Event`, in a separate thread. Returns a function that unsubscribes it."""
        return self._dispatcher.subscribe(callback)

    def flush(self, timeout_s: float = 1.0) -> None:
        """Wait until the callbacks have received every event so far. Not for use within a callback."""
        self._dispatcher.flush(timeout_s)

    def start(self, options: TrackerOptions | None = None) -> None:
        """Start it; a running one is stopped first. It begins to send at once; one that is started again after a crash
        is paused and its mouth muted if the one before was.

        Raises LauncherError when the tracker is not found or cannot be started.
        """
        with self._lifecycle_lock:
            self.stop()
            if options is not None:
                self._options = options
            self._stopping = threading.Event()
            self._exit_code = None
            self.control.standing.forget()
            process = self._spawn()
            supervisor = threading.Thread(
                target=self._supervise, args=(process, self._stopping), name="launcher-supervisor", daemon=True
            )
            supervisor.start()
            self._supervisor = supervisor

    def restart(self, options: TrackerOptions | None = None) -> None:
        """The same as `start`, for readability."""
        self.start(options)

    def stop(self) -> int | None:
        """End it and return its exit code: by request, then by force. Returns when it is gone or cannot be ended."""
        with self._lifecycle_lock:
            self._stopping.set()
            process = self._process
            if process is not None and process.poll() is None:
                self._end(process)
            if self._supervisor is not None and self._supervisor is not threading.current_thread():
                self._supervisor.join(self._restart_policy.terminate + self._restart_policy.kill)
                self._supervisor = None
            return self._exit_code

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended for good, restarts included. Returns whether it has."""
        supervisor = self._supervisor
        if supervisor is not None:
            supervisor.join(timeout_s)
            return not supervisor.is_alive()
        return True

    def _spawn(self) -> Process:
        command = [*(self._program or find_tracker()), *self._options.arguments(), f"--parent-pid={os.getpid()}"]
        with self._lock:  # before it can connect
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
        """From one start to the final end, with all restarts between. Runs in a separate thread."""
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
            restarted = self._restart_after_pause(pauses, stopping)
            if restarted is None:
                return
            process = restarted

    def _restart_after_pause(self, attempt: int, stopping: threading.Event) -> Process | None:
        """None when it was stopped during the pause or can no longer be started."""
        pause_s = min(self._restart_policy.first_pause * 2 ** (attempt - 1), self._restart_policy.longest_pause)
        self._dispatcher.emit(Restarting(pause_s, attempt))
        self._note(f"restarting in {pause_s:g} s")
        if stopping.wait(pause_s):
            self._ended(State.STOPPED, self._exit_code, self._explanation, Stopped(self._exit_code or 0))
            return None
        try:
            process = self._spawn()
        except LauncherError as error:
            code = self._exit_code or 1
            self._ended(State.REFUSED, code, str(error), Refused(code, str(error)))
            return None
        if stopping.is_set():  # requested while it was being started, when there was no process to end
            self._end(process)
        return process

    def _watch(self, process: Process) -> tuple[int, str | None]:
        """Drain the output of `process` until it ends. Returns its exit code and last error."""
        errors: list[LogLine] = []
        readers = [
            threading.Thread(target=self._drain, args=(pipe, stream, errors), name=f"launcher-{stream}", daemon=True)
            for pipe, stream in ((process.stdout, "out"), (process.stderr, "err"))
        ]
        for reader in readers:
            reader.start()
        exit_code = process.wait()
        for reader in readers:  # a child of it may still hold the pipe
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
        """End by request over the control channel, then by SIGTERM, then by SIGKILL."""
        try:
            self.control.quit()
        except ControlError as error:
            self._note(f"the tracker cannot be asked to end ({error}); terminating it")
        else:
            if _ends_within(process, self._restart_policy.quit):
                return
            self._note("the tracker did not end when asked; terminating it")
        children = _children(process)
        process.terminate()
        if not _ends_within(process, self._restart_policy.terminate):
            self._note("the tracker did not terminate; killing it")
            process.kill()
            _ends_within(process, self._restart_policy.kill)
        for child in children:  # a one-file frozen program is two processes
            with suppress(psutil.Error):
                child.kill()

    def _on_hello(self, hello: Message) -> None:
        with self._lock:
            self._version = str(hello.get("version", ""))
        pid = hello.get("pid")
        self._dispatcher.emit(Connected(pid if isinstance(pid, int) else 0, str(hello.get("version", ""))))

    def _on_statistics(self, statistics: Statistics) -> None:
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
