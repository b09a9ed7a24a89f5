"""The frozen program on Windows, spawned as VSeeFace, Unity and launchers spawn it. Runs in Wine too (.ci/windows).

It lies in a folder with a space, an ampersand and letters of several scripts, see conftest.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.packaging.conftest import copy_tree
from tests.packaging.spawned import END_LIMIT_S, Installed, ended, receiver
from tests.packaging.windows_processes import LOGOFF, WM_CLOSE, WM_ENDSESSION, until
from tracker.app.windows_end import WINDOW_CLASS
from tracker.version import VERSION

if sys.platform != "win32":
    pytest.skip("needs Windows or Wine", allow_module_level=True)

from tests.packaging.windows_processes import console_event, post, press_ctrl_c, send, window_of

DEMO = ("--capture", "demo", "--fps", "30")
SMALL = ("--model", "-3", "--width", "320", "--height", "180")
FROM_VSEEFACE = (
    *("--silent", "1", "-W", "1920", "-H", "1080", "-F", "30", "-D", "0", "--max-threads", "1", "--model", "4"),
    *("--gaze-tracking", "1", "--discard-after", "0", "--scan-every", "0", "--no-3d-adapt", "1"),
    *("--max-feature-updates", "900"),
)
TERMINATED = 1
"""The exit code that Popen.kill gives on Windows."""


def test_it_says_which_version_it_is(installed: Installed) -> None:
    assert installed.run("--version") == (0, f"facetracker {VERSION}\r\n", "")


def test_vseeface_starts_it_with_a_models_folder_that_is_not_ours_and_a_log(
    installed: Installed, elsewhere: Path
) -> None:
    log = elsewhere / "Protokoll größer 顔.txt"
    with receiver() as wire:
        process = installed.start(
            *("--ip", "127.0.0.1", "--port", wire.port, "--model-dir", "..\\models\\", "--capture", "demo"),
            *(*FROM_VSEEFACE, "--log-output", str(log)),
            argv0="facetracker",
            cwd=installed.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        with ended(process):
            records = wire.records(5)
            assert {(record.width, record.height) for record in records} == {(1920.0, 1080.0)}
            process.kill()
            assert process.wait(END_LIMIT_S) == TERMINATED
    assert "error" not in log.read_text(encoding="utf-8")


def test_openseelauncher_never_reads_its_pipes_and_kills_without_asking(installed: Installed) -> None:
    """Unity with .NET: three pipes that are never served. One process, without children: the camera is free at once."""
    pipe = subprocess.PIPE
    with receiver() as wire:
        process = installed.start(
            *("--port", wire.port, "--capture", "demo", "--fps", "0", *SMALL, "--verbose-frames"),
            argv0="facetracker",
            cwd=installed.folder,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        with ended(process):
            assert len(wire.records(150)) == 150
            assert psutil.Process(process.pid).children(recursive=True) == []
            process.kill()
            assert process.wait(END_LIMIT_S) == TERMINATED


def test_openseelauncher_lists_cameras_line_by_line(installed: Installed) -> None:
    code, names, err = installed.run("--list-cameras", "2", argv0="facetracker", cwd=installed.folder)
    assert (code, err) == (0, "")
    code, listed, err = installed.run("-l", "1")
    assert (code, err) == (0, "")
    first, *cameras, last = listed.split("\r\n")
    assert (first, last) == ("Available cameras:", "")
    assert cameras == [f"{index}: {name}" for index, name in enumerate(names.splitlines())]


def test_a_priority_is_a_class(installed: Installed) -> None:
    with receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--silent", "1", "--priority", "1")
        with ended(installed.start(*arguments)) as process:
            wire.records(1)
            assert psutil.Process(process.pid).nice() == psutil.BELOW_NORMAL_PRIORITY_CLASS


def test_it_ends_with_the_process_it_is_told_to_watch(installed: Installed) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as engine, receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--silent", "1", "--parent-pid", str(engine.pid))
        with ended(installed.start(*arguments)) as process:
            wire.records(3)
            assert process.poll() is None
            engine.kill()
            engine.wait()
            assert process.wait(END_LIMIT_S) == 0


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


def test_models_in_the_folder_above_are_found_too(bundle: Path, elsewhere: Path) -> None:
    """OpenSeeFace's own layout: Binary/facetracker.exe and models/ side by side."""
    copy_tree(bundle, elsewhere / "Binary")
    (elsewhere / "Binary" / "models").rename(elsewhere / "models")
    with receiver() as wire:
        arguments = (*DEMO, *SMALL, "--frames", "3", "--silent", "1", "--port", wire.port)
        assert Installed(elsewhere / "Binary").run(*arguments) == (0, "", "")
        assert len(wire.records(3)) == 3


def with_launcher(installed: Installed) -> Installed:
    return Installed(installed.folder, name="facetracker-launcher.exe")


def test_the_frozen_launcher_runs_the_frozen_tracker_beside_it(installed: Installed) -> None:
    code, out, err = with_launcher(installed).run("list", "--json", env=dict(os.environ))
    assert (code, err) == (0, "")
    assert isinstance(json.loads(out), list)
    with receiver() as wire:
        arguments = ("run", *DEMO, *SMALL, "--frames", "20", "--port", wire.port)
        code, out, err = with_launcher(installed).run(*arguments, env=dict(os.environ))
        assert len(wire.records(20)) == 20
    assert code == 0, err


def test_the_frozen_launcher_serves_its_window(installed: Installed) -> None:
    process = with_launcher(installed).start(
        "window", "--no-browser", "--another", env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with ended(process):
        assert process.stdout is not None
        address = process.stdout.readline().decode("utf-8").removeprefix("The window is at ").strip()
        page = urllib.request.urlopen(address, timeout=30).read()
        assert b"<html" in page
        for name in re.findall(rb'(?:src|href)="/?(static/[^"]+)"', page):
            assert urllib.request.urlopen(f"{address}{name.decode()}", timeout=30).status == 200
