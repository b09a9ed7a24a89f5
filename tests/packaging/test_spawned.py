"""The frozen program, spawned exactly as OpenSeeFace's launchers do, on every system.

It lies in a folder with a space, an ampersand and letters of several scripts, and starts with next to no environment,
see conftest. What differs between systems is in test_spawned_posix.py and test_spawned_windows.py.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.packaging.conftest import copy_tree
from tests.packaging.spawned import (
    DEMO,
    END_LIMIT_S,
    LAUNCHER,
    SMALL,
    START_LIMIT_S,
    Installed,
    ended,
    receiver,
)
from tracker.version import VERSION

FROM_VSEEFACE = (
    *("--silent", "1", "-W", "1920", "-H", "1080", "-F", "30", "-D", "0", "--max-threads", "1", "--model", "4"),
    *("--gaze-tracking", "1", "--discard-after", "0", "--scan-every", "0", "--no-3d-adapt", "1"),
    *("--max-feature-updates", "900"),
)
KILLED = 1 if sys.platform == "win32" else -signal.SIGKILL
"""The exit code after Popen.kill."""
NO_WINDOW: dict[str, Any] = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}


def test_it_says_which_version_it_is(installed: Installed) -> None:
    assert installed.run("--version", cwd=os.sep) == (0, f"facetracker {VERSION}{os.linesep}", "")


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
            **NO_WINDOW,
        )
        with ended(process):
            records = wire.records(5)
            assert {(record.width, record.height) for record in records} == {(1920.0, 1080.0)}
            process.kill()
            assert process.wait(END_LIMIT_S) == KILLED
    kept = log.read_text("utf-8").splitlines()  # silent: what it is, what it reads with, what it reads from
    assert len(kept) == 3 and kept[0].startswith("facetracker ") and "packaged ones" in kept[1], kept


def test_openseelauncher_never_reads_its_pipes_and_kills_without_asking(installed: Installed) -> None:
    """Unity with .NET: three pipes, none of them ever served, here with far more text than they hold."""
    pipe = subprocess.PIPE
    with receiver() as wire:
        process = installed.start(
            *("--port", wire.port, "--capture", "demo", "--fps", "0", *SMALL, "--verbose-frames"),
            argv0="facetracker",
            cwd=installed.folder,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            pipesize=4096,
        )
        with ended(process):
            assert len(wire.records(250)) == 250
            children = psutil.Process(process.pid).children(recursive=True)
            assert children == [], "whoever kills it must free the camera with it"
            process.kill()
            assert process.wait(END_LIMIT_S) == KILLED


def test_openseelauncher_lists_cameras_line_by_line(installed: Installed) -> None:
    code, names, err = installed.run("--list-cameras", "2", argv0="facetracker", cwd=installed.folder)
    assert (code, err) == (0, "")
    assert all(line.strip() for line in names.splitlines())
    code, listed, err = installed.run("-l", "1")
    assert (code, err) == (0, "")
    # vpuppr drops the first and the last, empty line.
    first, *cameras, last = listed.split(os.linesep)
    assert (first, last) == ("Available cameras:", "")
    assert cameras == [f"{index}: {name}" for index, name in enumerate(names.splitlines())]


def test_it_ends_with_the_process_it_is_told_to_watch(installed: Installed) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as engine, receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--silent", "1", "--parent-pid", str(engine.pid))
        with ended(installed.start(*arguments)) as process:
            wire.records(3)
            assert process.poll() is None
            engine.kill()
            engine.wait()
            assert process.wait(END_LIMIT_S) == 0


def test_models_in_the_folder_above_are_found_too(bundle: Path, elsewhere: Path) -> None:
    """OpenSeeFace's own layout: Binary/facetracker.exe and models/ side by side."""
    copy_tree(bundle, elsewhere / "Binary")
    (elsewhere / "Binary" / "models").rename(elsewhere / "models")
    moved = Installed(elsewhere / "Binary")
    arguments = (*DEMO, *SMALL, "--frames", "3", "--silent", "1")
    with receiver() as wire:
        assert moved.run(*arguments, "--port", wire.port) == (0, "", "")
        assert len(wire.records(3)) == 3
    (elsewhere / "models").rename(elsewhere / "not models")
    code, out, err = moved.run(*arguments, "--port", "9")
    assert (code, out) == (4, "")
    assert err.startswith("facetracker: error: the networks are missing: no manifest.json in ")
    assert len(err.splitlines()) == 1


@pytest.fixture
def launcher(installed: Installed) -> Installed:
    """The launcher of the bundle, where it has one."""
    found = Installed(installed.folder, installed.nobody, LAUNCHER)
    if not found.program.is_file():
        pytest.skip("built without the launcher")
    return found


def home_in(folder: Path) -> dict[str, str]:
    """An environment whose user keeps everything in `folder`. (Windows asks itself where, not the variables.)"""
    if sys.platform == "win32":
        return dict(os.environ)
    return {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "BROWSER": "true"}


def test_the_frozen_launcher_runs_the_frozen_tracker_beside_it(
    installed: Installed, launcher: Installed, elsewhere: Path
) -> None:
    home = home_in(elsewhere)
    code, out, err = launcher.run("list", "--json", env=home)
    assert (code, err) == (0, "")
    assert len(json.loads(out)) == len(installed.run("--list-cameras", "2")[1].splitlines())
    with receiver() as wire:
        # No --silent: the records are what is asked about here, not the words.
        arguments = ("run", *DEMO, *SMALL, "--frames", "20", "--port", wire.port)
        code, out, err = launcher.run(*arguments, env=home)
        assert len(wire.records(20)) == 20
    assert code == 0, err


def test_the_frozen_launcher_serves_its_window(launcher: Installed, elsewhere: Path) -> None:
    # Elsewhere the browser of the default command is `true`; Windows would open a real one.
    arguments = ("window", "--no-browser", "--another") if sys.platform == "win32" else ()
    process = launcher.start(
        *arguments, env=home_in(elsewhere), cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with ended(process):
        assert process.stdout is not None
        first = process.stdout.readline().decode("utf-8")
        # Printed for a browser to be opened by hand, it ends with a key.
        address = first.removeprefix("The window is at ").strip().partition("#")[0].rstrip("/") + "/"
        page = urllib.request.urlopen(address, timeout=30).read()
        assert b"<html" in page
        assert b"Three.js Authors" in urllib.request.urlopen(f"{address}three.js", timeout=30).read(500)
        for name in re.findall(rb'(?:src|href)="/?(static/[^"]+)"', page):
            assert urllib.request.urlopen(f"{address}{name.decode()}", timeout=30).status == 200
        if sys.platform != "win32":
            process.terminate()
            assert process.wait(END_LIMIT_S) == 0
            return
        children = psutil.Process(process.pid).children(recursive=True)  # it may still be listing the cameras
        process.kill()
        assert psutil.wait_procs(children, END_LIMIT_S)[1] == [], "what it started outlived it"


def test_openseelauncher_reads_the_benchmark_as_seven_numbers(installed: Installed) -> None:
    code, out, err = installed.run("--benchmark", "1", "--priority", "4", "--max-threads", "1", cwd=installed.folder)
    assert code == 0
    refused = "facetracker: warning: --priority 4 needs more rights than this user has; the priority is unchanged"
    assert err in ("", refused + os.linesep)
    assert len(out.splitlines()) == 7
    assert min(float(line) for line in out.splitlines()) > 0


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--port", "0"], 2, "argument -p/--port: must be between 1 and 65535, got 0 (see --help)"),
        (["--capture", "no such file.mp4"], 3, "there is no file no such file.mp4"),
    ],
)
def test_an_engine_can_tell_from_code_and_line_whose_fault_it_was(
    arguments: list[str], code: int, line: str, installed: Installed
) -> None:
    assert installed.run(*arguments, "--silent", "1") == (code, "", f"facetracker: error: {line}{os.linesep}")


def test_formats_that_need_optional_packages_are_built_in(installed: Installed) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="comes with the extra receivers")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with ended(installed.start(*DEMO, *SMALL, "--silent", "1", "--target", f"json+ws://127.0.0.1:{port}")) as process:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            assert process.poll() is None
            try:
                connection = client.connect(f"ws://127.0.0.1:{port}")
                break
            except OSError:
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(0.05)
        with connection:
            assert json.loads(connection.recv(timeout=START_LIMIT_S))
