"""Starts processes that end together with this one, however it ends.

* Linux: the tracker asks the kernel for a signal when its parent ends. The signal is sent when the *thread* that
  started it ends, so all are started from a thread that lives as long as this process.
* Windows: a job object, which closes with this process and kills the processes in it.
* Everywhere: the tracker is given this process's id and polls whether it still runs.
"""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from launcher.errors import LauncherError

Process = subprocess.Popen[bytes]


def spawn(command: Sequence[str], environment: Mapping[str, str]) -> Process:
    """Start `command` without a shell, with both outputs piped and no input.

    Raises LauncherError when the system refuses.
    """
    return _spawner().spawn(command, environment)


def child_environment() -> dict[str, str]:
    """This process's environment, cleaned for another program."""
    environment = dict(os.environ)
    if getattr(sys, "frozen", False):
        # A frozen program sets variables for its own libraries, which the tracker must not load.
        environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
        if "LD_LIBRARY_PATH_ORIG" in environment:
            environment["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH_ORIG"]
    return environment


def creation_flags() -> int:
    """On Windows: no console window, and Ctrl-C in the launcher's console does not reach the tracker."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return flags


class _Spawner:
    """The thread that starts processes: a daemon, so that it ends with the process and not before."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._orders: queue.SimpleQueue[tuple[Sequence[str], Mapping[str, str], Future[Process]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="launcher-spawner", daemon=True).start()

    def spawn(self, command: Sequence[str], environment: Mapping[str, str]) -> Process:
        future: Future[Process] = Future()
        self._orders.put((command, environment, future))
        try:
            return future.result()
        except OSError as error:
            raise LauncherError(f"the tracker cannot be started ({error.strerror or error}): {command[0]}") from error

    def _run(self) -> None:
        while True:
            command, environment, future = self._orders.get()
            try:
                future.set_result(_start(command, environment))
            except BaseException as error:  # raised again by `spawn`, in the calling thread
                future.set_exception(error)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> Process:
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=dict(environment),
        creationflags=creation_flags(),
        start_new_session=sys.platform != "win32",  # Ctrl-C in a terminal is handled by the launcher alone
    )
    if sys.platform == "win32":
        kill_with_this_process(process)
    return process


_the_spawner: _Spawner | None = None
_lock = threading.Lock()


def _spawner() -> _Spawner:
    global _the_spawner
    with _lock:
        if _the_spawner is None or _the_spawner.pid != os.getpid():  # a fork has the object but not the thread
            _the_spawner = _Spawner()
        return _the_spawner


logger = logging.getLogger(__name__)

_KILL_ON_JOB_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
_EXTENDED_LIMIT_INFORMATION = 9  # JobObjectExtendedLimitInformation

_job: int | None = None  # never closed: the system closes it together with the process

if sys.platform == "win32":
    import ctypes
    import subprocess
    from ctypes import wintypes

    class _BasicLimits(ctypes.Structure):
        """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

        _fields_ = [
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class _ExtendedLimits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION; the second field is IO_COUNTERS."""

        _fields_ = [
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    def kill_with_this_process(process: subprocess.Popen[bytes]) -> None:
        """Have the system end `process` when this one ends. If that fails, the tracker still polls its parent."""
        global _job
        kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)
        if _job is None:
            _job = _make_job(kernel)
        handle = int(process._handle)  # type: ignore[attr-defined]
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        if _job is None or not kernel.AssignProcessToJobObject(_job, handle):
            logger.debug("the job object is not available: %s", ctypes.WinError(ctypes.get_last_error()))

    def _make_job(kernel: Any) -> int | None:
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
        kernel.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD)
        job = kernel.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
        size = ctypes.sizeof(limits)
        if job and kernel.SetInformationJobObject(job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size):
            return int(job)
        return None
