"""The end, at any moment, asked for in any way, however often, and whatever hangs."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.program import PROGRAM, QUIET, ROOT
from tests.faults.starts import interrupted_start, wait_for_first_line
from tracker.app.end_limit import EndLimit, close_within

if sys.platform == "win32":
    pytest.skip("there are no such signals", allow_module_level=True)
LIMIT_S = 60.0
STARTS = 6
"""For each signal; `python -m tests.faults.starts` does more."""


def start(*arguments: str, ignoring: signal.Signals | None = None, **options: Any) -> subprocess.Popen[bytes]:
    """The demo face being tracked. ignoring: a signal that the program inherits as ignored."""

    def prepare() -> None:
        if ignoring is not None:
            signal.signal(ignoring, signal.SIG_IGN)

    return subprocess.Popen(
        [*PROGRAM, "-c", "demo", *arguments, *QUIET],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        preexec_fn=prepare,
        **options,
    )


def wait_until_tracking(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"demo")


def assert_ended(process: subprocess.Popen[bytes], code: int = 0) -> bytes:
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == code, err[-2000:]
    assert b"Traceback" not in err, err
    return out + err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_start_ends_it_in_order(number: signal.Signals) -> None:
    random_ = random.Random(number)
    for _ in range(STARTS):
        ended = interrupted_start(number, random_.random() * 0.8)
        assert (ended.code, ended.has_traceback) == (0, False), ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_many_signals_are_as_good_as_one(number: signal.Signals) -> None:
    process = start()
    wait_until_tracking(process)
    while process.poll() is None:
        process.send_signal(number)
        time.sleep(0.002)
    assert_ended(process)


def test_an_interrupt_is_heard_although_the_shell_ignored_it() -> None:
    process = start(ignoring=signal.SIGINT)
    wait_until_tracking(process)
    process.send_signal(signal.SIGINT)
    assert b"Quitting: SIGINT" in assert_ended(process)


def test_a_hangup_that_is_ignored_on_purpose_stays_ignored() -> None:
    process = start(ignoring=signal.SIGHUP)
    wait_until_tracking(process)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert_ended(process)


@pytest.mark.parametrize("arguments", [["--benchmark", "1"], ["--list-cameras", "1"]])
def test_runs_that_only_print_end_as_well(arguments: list[str]) -> None:
    process = start(*arguments)
    wait_for_first_line(process)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert_ended(process)


def test_files_are_whole_after_many_signals(tmp_path: Path) -> None:
    process = start("--log-data", str(tmp_path / "a.csv"), "--video-out", str(tmp_path / "a.avi"))
    wait_until_tracking(process)
    time.sleep(0.7)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
    assert_ended(process)
    import cv2

    reader = cv2.VideoCapture(str(tmp_path / "a.avi"))
    assert sum(reader.grab() for _ in range(200)) == reader.get(cv2.CAP_PROP_FRAME_COUNT) > 0
    assert (tmp_path / "a.csv").read_bytes().endswith(b"\r\n")


@pytest.mark.parametrize("descriptors", [6, 8, 10, 14, 20])
def test_too_few_descriptors_are_an_error_or_a_run_that_can_be_ended(descriptors: int) -> None:
    import resource

    pytest.importorskip("websockets")
    command = [*PROGRAM, "-c", "demo", "--target", f"json+ws://127.0.0.1:{free_port()}", *QUIET]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)),
    )
    wait_for_first_line(process)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode in (0, 1, 2, 3, 4), err
    assert b"Traceback" not in err, err


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


HANGS = {
    "in C": "import ctypes; ctypes.CDLL(None).pause",
    "in Python": "import threading; threading.Event().wait",
    "in a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libc's pause")
@pytest.mark.parametrize("hang", HANGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_main_thread_that_hangs_is_left_in_time(hang: str, number: signal.Signals) -> None:
    """A library that retries its system call after every signal keeps Python's handlers from running at all."""
    script = (
        "import signal, sys\n"
        "from tracker.app.end_limit import EndLimit\n"
        "from tracker.app.shutdown import StopRequest, stopping_on_signals\n"
        "with EndLimit(0.3) as limit, stopping_on_signals(StopRequest(), True):\n"
        "    print('ready', flush=True)\n"
        f"    {HANGS[hang].rpartition('; ')[0] or 'pass'}\n"
        "    while True:\n"
        f"        {HANGS[hang].rpartition('; ')[2]}()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0 and b"abandoned" in err


def test_an_end_in_time_is_left_alone() -> None:
    left: list[int] = []
    with EndLimit(0.1, left.append) as limit:
        limit.begin(3)
    time.sleep(0.3)
    assert left == [] and not any(thread.name == "end limit" for thread in threading.enumerate())


def test_what_hangs_while_it_closes_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    begun_s = time.monotonic()
    close_within(0.1, "the driver", release.wait)
    assert time.monotonic() - begun_s < 5.0
    release.set()
    assert "the driver did not close" in caplog.text


def test_what_fails_while_it_closes_is_raised() -> None:
    def fail() -> None:
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        close_within(5.0, "the driver", fail)
