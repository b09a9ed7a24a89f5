"""The frozen program on Windows: priority, job object, consoles, the end of the session, the double click.

What holds on every system is in test_spawned.py. Both run in Wine too (.ci/windows).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.packaging.spawned import DEMO, END_LIMIT_S, SMALL, Installed, ended, receiver
from tests.packaging.windows_processes import LOGOFF, WM_CLOSE, WM_ENDSESSION, until
from tracker.app.windows_end import WINDOW_CLASS

if sys.platform != "win32":
    pytest.skip("needs Windows or Wine", allow_module_level=True)

from tests.packaging.windows_processes import console_event, post, press_ctrl_c, send, window_of


def test_a_priority_is_a_class(installed: Installed) -> None:
    with receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--silent", "1", "--priority", "1")
        with ended(installed.start(*arguments)) as process:
            wire.records(1)
            assert psutil.Process(process.pid).nice() == psutil.BELOW_NORMAL_PRIORITY_CLASS


ENGINE_WITH_A_JOB = """
import subprocess, sys, time
from launcher.spawning import kill_with_this_process
process = subprocess.Popen(sys.argv[1:])
kill_with_this_process(process)
print(process.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_a_job_object_however_its_engine_ended(installed: Installed) -> None:
    with receiver() as wire:
        command = [sys.executable, "-c", ENGINE_WITH_A_JOB, str(installed.program), *DEMO, *SMALL]
        with ended(subprocess.Popen([*command, "--port", wire.port], stdout=subprocess.PIPE)) as engine:
            assert engine.stdout is not None
            pid = int(engine.stdout.readline())
            wire.records(3)
            engine.kill()
            engine.wait()
            until(lambda: not psutil.pid_exists(pid), END_LIMIT_S)


def recording(installed: Installed, elsewhere: Path, port: str) -> subprocess.Popen[bytes]:
    """A run in a console of its own that writes a CSV and a video."""
    arguments = (*DEMO, *SMALL, "--port", port, "--log-data", "Zeilen 行.csv", "--video-out", "Bild 行.avi")
    return installed.start(*arguments, cwd=elsewhere, creationflags=subprocess.CREATE_NEW_CONSOLE)


def assert_complete(elsewhere: Path) -> None:
    """CSV and video can be read to their ends."""
    rows = (elsewhere / "Zeilen 行.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) >= 6
    assert len({row.count(",") for row in rows}) == 1
    assert b"idx1" in (elsewhere / "Bild 行.avi").read_bytes(), "an AVI gets its index when it is closed"


def test_ctrl_c_ends_it_with_whole_files(installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire, ended(recording(installed, elsewhere, wire.port)) as process:
        wire.records(6)
        press_ctrl_c(process.pid)
        assert process.wait(END_LIMIT_S) == 0
    assert_complete(elsewhere)


@pytest.mark.parametrize("event", [2, 5, 6], ids=["console closed", "sign out", "shut down"])
def test_the_end_of_its_console_ends_it_with_whole_files(event: int, installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire, ended(recording(installed, elsewhere, wire.port)) as process:
        wire.records(6)
        console_event(process.pid, event)
        assert process.wait(END_LIMIT_S) == 0
    assert_complete(elsewhere)


@pytest.mark.parametrize("flags", [LOGOFF, 0], ids=["sign out", "shut down"])
def test_the_end_of_the_session_ends_it_with_whole_files(flags: int, installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire, ended(recording(installed, elsewhere, wire.port)) as process:
        wire.records(6)
        window = window_of(process.pid, WINDOW_CLASS)
        assert window is not None
        send(window, WM_ENDSESSION, 1, flags)
        assert process.wait(END_LIMIT_S) == 0
    assert_complete(elsewhere)


def test_taskkill_without_force_ends_it_in_order(installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire, ended(recording(installed, elsewhere, wire.port)) as process:
        wire.records(6)
        window = window_of(process.pid, WINDOW_CLASS)
        assert window is not None
        post(window, WM_CLOSE)
        assert process.wait(END_LIMIT_S) == 0
    assert_complete(elsewhere)


def test_a_double_click_without_a_camera_keeps_its_window_and_a_log(installed: Installed, elsewhere: Path) -> None:
    if installed.run("--list-cameras", "2")[1]:
        pytest.skip("there is a camera")
    environment = {**os.environ, "LOCALAPPDATA": str(elsewhere)}
    process = installed.start(env=environment, cwd=elsewhere, creationflags=subprocess.CREATE_NEW_CONSOLE)
    with ended(process):
        logs = lambda: list(Path(elsewhere).rglob("last.log")) or list(user_logs())  # noqa: E731
        until(lambda: any("error" in log.read_text(encoding="utf-8") for log in logs()))
        assert process.poll() is None, "it waits for a key"


def user_logs() -> list[Path]:
    """The log in the user's folder, which Windows knows and no variable changes."""
    import platformdirs

    return [
        file for file in [Path(platformdirs.user_log_dir("facetracker", appauthor=False), "last.log")] if file.exists()
    ]
