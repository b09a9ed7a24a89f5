"""The program's output: plain lines on standard output, warnings and errors on standard error."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from protocol.foreign_json import printable
from tracker.errors import SettingsError
from tracker.handoff import HandoffQueue
from tracker.version import VERSION

ROTATE_BYTES = 20_000_000
DEBUG_VARIABLE = "FACETRACKER_DEBUG"
STATUS_LOGGER = "tracker.app.statistics"
"""Of the status lines, which a silent run keeps out of the file as well."""
CLOSE_LIMIT_S = 0.5
"""How long a console that accepts nothing may delay the end of the program."""


def rotated_name(path: Path) -> Path:
    """What a full ``--log-output`` is renamed to."""
    return path.with_name(f"{path.name}.1")


class RotatingTee:
    """The file of ``--log-output``: emptied at the start, flushed with each write, renamed to FILE.1 when full.

    Writing never fails: a file that cannot be written is given up, which `report` is told in a line, once.
    """

    def __init__(self, path: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        self.report: Callable[[str], object] = lambda line: None
        self._is_given_up = False
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._written = 0
        self._lock = threading.Lock()
        try:
            self._file = self._open()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SettingsError(f"argument --log-output: cannot write {path}: {reason}") from error

    def write(self, text: str) -> None:
        """Append `text`."""
        with self._lock:
            if self._is_given_up:
                return
            try:
                self._append(text.encode("utf-8", "replace"))
                return
            except (OSError, ValueError) as error:  # ValueError: it was closed
                self._is_given_up = True
                reason = getattr(error, "strerror", None) or error
        self.report(f"facetracker: warning: nothing more is written to {self._path}, --log-output: {reason}\n")

    def _append(self, data: bytes) -> None:
        if self._written and self._written + len(data) > self._rotate_bytes:
            self._file.close()
            self._path.replace(rotated_name(self._path))
            self._file = self._open()
            self._written = 0
        self._file.write(data)
        self._written += len(data)

    def close(self) -> None:
        """Safe to call twice."""
        self._file.close()

    def _open(self) -> io.FileIO:
        return io.FileIO(self._path, "w")  # unbuffered: every write reaches the system at once


class Console(io.TextIOBase):
    """Standard output or error, optionally copied to a file.

    Writing never fails: a launcher that closes its end of the pipe, or a full disk, must not end tracking. A stream
    that failed once is not written to again.
    """

    def __init__(self, stream: TextIO | None, copy: RotatingTee | None) -> None:
        """stream: None in a process without a console."""
        self._stream = stream
        self._copy = copy

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("there is no console")
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: it was closed
                self._abandon_stream()
        if self._copy is not None:
            self._copy.write(text)
        return len(text)

    def flush(self) -> None:
        """Every write is flushed."""

    def _abandon_stream(self) -> None:
        """Redirect what Python still buffers for the stream to nowhere; flushing it at exit would fail."""
        stream, self._stream = self._stream, None
        with suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())  # type: ignore[union-attr]
            os.close(null)


class OneLineFormatter(logging.Formatter):
    """Makes one harmless line of each message, whatever a camera, a file name or the network put into it: no control
    characters that a terminal obeys, no line break that forges another message, and an end.
    """

    MAX_CHARACTERS = 2000

    def formatMessage(self, record: logging.LogRecord) -> str:
        message = super().formatMessage(record)
        if message.isprintable() and len(message) <= self.MAX_CHARACTERS:
            return message
        return printable(message, self.MAX_CHARACTERS)


class AsyncLogHandler(logging.Handler):
    """Writes INFO records to standard output unchanged, others to standard error with their level.

    A separate thread writes: a launcher that never drains its pipe, or a user who selects text in a Windows console,
    blocks that thread and not tracking. Lines that do not fit into the queue meanwhile are dropped.
    """

    MAX_QUEUED_LINES = 200

    def __init__(self, quiet_stream: Console | None = None) -> None:
        """quiet_stream: where INFO records go instead of standard output."""
        super().__init__()
        self._quiet_stream = quiet_stream
        self._lines: HandoffQueue[tuple[TextIO | Console, str] | threading.Event] = HandoffQueue(self.MAX_QUEUED_LINES)
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if record.levelno == logging.INFO:
            self._lines.put((self._quiet_stream or sys.stdout, f"{text}\n"))
        else:
            self._lines.put((sys.stderr, f"facetracker: {record.levelname.lower()}: {text}\n"))

    def flush(self, timeout_s: float = CLOSE_LIMIT_S) -> None:
        """Wait until everything is written, but not for a console that accepts nothing."""
        written = threading.Event()
        if self._lines.put(written):
            written.wait(timeout_s)

    def close(self) -> None:
        """Write what is queued and end the thread. Safe to call twice."""
        self._lines.close()
        self._thread.join(CLOSE_LIMIT_S)
        super().close()

    def _run(self) -> None:
        while (line := self._lines.take()) is not None:
            if isinstance(line, threading.Event):
                line.set()
            else:
                stream, text = line
                stream.write(text)


@contextmanager
def configure_logging(silent: bool, log_output: Path | None) -> Iterator[None]:
    """Within the block, log records and printed lines go where the user wants them.

    silent: warnings and errors only. log_output: file that receives a copy of everything. Raises SettingsError if it
    cannot be written.
    """
    copy = RotatingTee(log_output) if log_output is not None else None
    previous = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Console(_as_utf8(stream), copy) for stream in previous)
    logger = logging.getLogger("tracker")
    # With --silent and a log file, the file still gets what helps to diagnose problems: version, camera, warnings.
    only_file = Console(None, copy) if silent and copy is not None else None
    handler = AsyncLogHandler(only_file)
    handler.setFormatter(OneLineFormatter("%(message)s"))
    if only_file is not None:
        handler.addFilter(lambda record: record.levelno > logging.INFO or record.name != STATUS_LOGGER)
    if copy is not None:
        copy.report = sys.stderr.write
        copy.write(f"facetracker {VERSION}, Python {sys.version.split()[0]}, {sys.platform}\n")
    previous_level = logger.level
    quiet = logging.WARNING if silent and copy is None else logging.INFO
    logger.setLevel(logging.DEBUG if os.environ.get(DEBUG_VARIABLE) else quiet)
    logger.addHandler(handler)
    previous_hook, threading.excepthook = threading.excepthook, _log_thread_failure
    try:
        yield
    finally:
        threading.excepthook = previous_hook
        logger.removeHandler(handler)
        handler.close()
        logger.setLevel(previous_level)
        sys.stdout, sys.stderr = previous
        if copy is not None:
            copy.close()


def _log_thread_failure(failed: threading.ExceptHookArgs) -> None:
    """One line instead of a traceback for a thread that ends with an exception."""
    if failed.exc_type is SystemExit:
        return
    name = "a thread" if failed.thread is None else f"the thread {failed.thread.name!r}"
    logger = logging.getLogger(__name__)
    logger.error("%s ended: %s: %s", name, failed.exc_type.__name__, failed.exc_value)
    if failed.exc_value is not None:
        logger.debug("raised here", exc_info=failed.exc_value)


def _as_utf8(stream: TextIO | None) -> TextIO | None:
    """A camera's name must not end the program, whatever the console's encoding."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace")
    return stream
