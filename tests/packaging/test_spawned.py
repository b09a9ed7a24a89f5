"""The frozen program, spawned exactly as OpenSeeFace's launchers do, where it is hardest to run.

Everything here starts with an empty environment in a folder that cannot be written, see conftest.
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
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.packaging.conftest import copy_tree
from tests.packaging.spawned import END_LIMIT_S, START_LIMIT_S, Installed, ended, receiver
from tracker.version import VERSION

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX users, signals and argv[0]")

DEMO = ("--capture", "demo", "--fps", "60")
SMALL = ("--model", "-3", "--width", "320", "--height", "180")
FROM_VSEEFACE = (
    *("--silent", "1", "-W", "1920", "-H", "1080", "-F", "30", "-D", "0", "--max-threads", "1", "--model", "4"),
    *("--gaze-tracking", "1", "--discard-after", "0", "--scan-every", "0", "--no-3d-adapt", "1"),
    *("--max-feature-updates", "900"),
)
FROM_VPUPPR = (
    *("--visualize", "0", "--silent", "1", "--pnp-points", "0", "--discard-after", "0", "--scan-every", "0"),
    *("--no-3d-adapt", "1", "--max-feature-updates", "900"),
)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_says_which_version_it_is(installed: Installed) -> None:
    assert installed.run("--version", cwd="/") == (0, f"facetracker {VERSION}\n", "")


def test_openseelauncher_starts_it_by_a_bare_name_with_output_into_files(installed: Installed, elsewhere: Path) -> None:
    """Unity with "pinvoke": argv[0] is not a path, the working folder is the program's."""
    with receiver() as wire, (elsewhere / "output.txt").open("wb") as out, (elsewhere / "error.txt").open("wb") as err:
        process = installed.start(
            *("--ip", "127.0.0.1", "--port", wire.port, "--model-dir", "models\\"),
            *(*DEMO, "--silent", "1", "--max-threads", "1", "--frames", "100"),
            argv0="facetracker",
            cwd=installed.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        with ended(process):
            records = wire.records(100)
            assert process.wait(END_LIMIT_S) == 0
    assert all(earlier.time < later.time for earlier, later in pairwise(records))
    assert all(record.got_3d and record.fit_error < 100 and record.confidence[:66].mean() > 0.8 for record in records)
    assert len({tuple(record.euler) for record in records}) > 90, "the demo face moves"
    assert (elsewhere / "output.txt").read_text() == (elsewhere / "error.txt").read_text() == ""


def test_openseelauncher_never_reads_its_pipes_and_kills_without_asking(installed: Installed, elsewhere: Path) -> None:
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
            assert process.wait(END_LIMIT_S) == -signal.SIGKILL


def test_openseelauncher_lists_cameras_line_by_line(installed: Installed) -> None:
    code, names, err = installed.run("--list-cameras", "2", argv0="facetracker", cwd=installed.folder)
    assert (code, err) == (0, "")
    assert all(line.strip() for line in names.splitlines())
    code, listed, err = installed.run("-l", "1")
    assert (code, err) == (0, "")
    # vpuppr drops the first and the last, empty line.
    first, *cameras, last = listed.split("\n")
    assert (first, last) == ("Available cameras:", "")
    assert cameras == [f"{index}: {name}" for index, name in enumerate(names.splitlines())]


def test_openseelauncher_reads_the_benchmark_as_seven_numbers(installed: Installed) -> None:
    code, out, err = installed.run("--benchmark", "1", "--priority", "4", "--max-threads", "1", cwd=installed.folder)
    assert code == 0
    assert err in (
        "",
        "facetracker: warning: --priority 4 needs more rights than this user has; the priority is unchanged\n",
    )
    assert len(out.splitlines()) == 7
    assert min(float(line) for line in out.splitlines()) > 0


def test_vseeface_starts_it_with_a_models_folder_that_is_not_ours_and_a_log(
    installed: Installed, elsewhere: Path
) -> None:
    log = elsewhere / "Protokoll größer.txt"
    with receiver() as wire:
        process = installed.start(
            *("--ip", "127.0.0.1", "--port", wire.port, "--model-dir", "..\\models\\", "--capture", "demo"),
            *(*FROM_VSEEFACE, "--log-output", str(log)),
            argv0="facetracker",
            cwd=installed.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with ended(process):
            records = wire.records(5)
            assert {(record.width, record.height) for record in records} == {(1920.0, 1080.0)}
            process.kill()
            process.wait()
    kept = log.read_text("utf-8").splitlines()  # silent: what it is, what it reads with, what it reads from
    assert len(kept) == 3 and kept[0].startswith("facetracker ") and "packaged ones" in kept[1], kept


def test_vpuppr_starts_it_by_its_path_from_elsewhere_and_kills_it(installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire:
        process = installed.start(
            *("--capture", "demo", "--fps", "12", *FROM_VPUPPR, "--ip", "127.0.0.1", "--port", wire.port),
            *("--model", "3"),
            cwd=elsewhere,
            start_new_session=True,
        )
        with ended(process):
            first, second = wire.records(2)
            assert first.time < second.time
            os.kill(process.pid, signal.SIGKILL)
            process.wait(END_LIMIT_S)
    assert list(elsewhere.iterdir()) == []


def test_a_signal_ends_it_with_whole_files_in_folders_of_any_name(installed: Installed, elsewhere: Path) -> None:
    with receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--log-data", "Zeilen 行.csv", "--silent", "1")
        process = installed.start(*arguments, cwd=elsewhere)
        with ended(process):
            wire.records(5)
            process.terminate()
            assert process.wait(END_LIMIT_S) == 0
    assert [file.name for file in elsewhere.iterdir()] == ["Zeilen 行.csv"]
    rows = (elsewhere / "Zeilen 行.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) >= 6
    assert len({row.count(",") for row in rows}) == 1


def test_it_ends_with_the_process_it_is_told_to_watch(installed: Installed) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as engine, receiver() as wire:
        arguments = (*DEMO, *SMALL, "--port", wire.port, "--silent", "1", "--parent-pid", str(engine.pid))
        with ended(installed.start(*arguments)) as process:
            wire.records(3)
            assert process.poll() is None
            engine.kill()
            engine.wait()
            assert process.wait(END_LIMIT_S) == 0


def test_it_ends_with_an_engine_that_crashes(installed: Installed, elsewhere: Path) -> None:
    """A program of its own starts the tracker, passes its own number, and is killed."""
    engine_source = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([*sys.argv[1:], '--parent-pid', str(os.getpid())], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    with receiver() as wire:
        tracker = (str(installed.program), *DEMO, *SMALL, "--port", wire.port, "--silent", "1")
        command = [sys.executable, "-c", engine_source, *tracker]
        with ended(subprocess.Popen(command, stdout=subprocess.PIPE, cwd=elsewhere)) as engine:
            assert engine.stdout is not None
            pid = int(engine.stdout.readline())
            wire.records(3)
            engine.kill()
            engine.wait()
            deadline = time.monotonic() + END_LIMIT_S
            while not gone(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert gone(pid)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--port", "0"], 2, "argument -p/--port: must be between 1 and 65535, got 0 (see --help)"),
        (["--capture", "/no/such/file.mp4"], 3, "there is no file /no/such/file.mp4"),
    ],
)
def test_an_engine_can_tell_from_code_and_line_whose_fault_it_was(
    arguments: list[str], code: int, line: str, installed: Installed
) -> None:
    assert installed.run(*arguments, "--silent", "1") == (code, "", f"facetracker: error: {line}\n")


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
    assert err.count("\n") == 1


def test_the_guided_start_offers_the_demo_where_there_is_no_camera(installed: Installed) -> None:
    if installed.run("--list-cameras", "2")[1]:
        pytest.skip("there is a camera")
    with receiver() as wire:
        guide = subprocess.run(
            ["/bin/sh", str(installed.folder / "run.sh"), "--frames", "10"],
            input=f"y\n\n{wire.port}\n".encode(),
            capture_output=True,
            env={"PATH": os.defpath},
            timeout=60,
        )
        assert guide.returncode == 0, guide.stderr
        assert len(wire.records(10)) == 10
    text = guide.stdout.decode("utf-8")
    assert text.startswith("No camera was found.\nTrack the built-in demo face instead (y/n)? [y] ")
    assert "There is no display for a preview." in text
    assert text.splitlines()[-1] == "Frames: 10"


def test_the_frozen_launcher_runs_the_frozen_tracker_beside_it(installed: Installed, elsewhere: Path) -> None:
    launcher = installed.folder / "facetracker-launcher"
    if not launcher.is_file():
        pytest.skip("built without the launcher")
    with_launcher = Installed(installed.folder, installed.nobody, launcher.name)
    code, out, err = with_launcher.run("list", "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)) == len(installed.run("--list-cameras", "2")[1].splitlines())
    home = {"HOME": str(elsewhere), "XDG_RUNTIME_DIR": str(elsewhere)}
    with receiver() as wire:
        # No --silent: the records are what is asked about here, not the words.
        arguments = ("run", *DEMO, *SMALL, "--frames", "20", "--port", wire.port)
        code, out, err = with_launcher.run(*arguments, env=home)
        assert len(wire.records(20)) == 20
    assert code == 0, err


def test_the_frozen_launcher_serves_its_window(installed: Installed, elsewhere: Path) -> None:
    launcher = installed.folder / "facetracker-launcher"
    if not launcher.is_file():
        pytest.skip("built without the launcher")
    home = {"HOME": str(elsewhere), "XDG_RUNTIME_DIR": str(elsewhere), "BROWSER": "true"}
    process = Installed(installed.folder, installed.nobody, launcher.name).start(
        env=home, cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with ended(process):
        assert process.stdout is not None
        first = process.stdout.readline().decode("utf-8")
        address = first.removeprefix("The window is at ").strip()
        page = urllib.request.urlopen(address, timeout=30).read()
        assert b"<html" in page
        assert b"Three.js Authors" in urllib.request.urlopen(f"{address}three.js", timeout=30).read(500)
        for name in re.findall(rb'(?:src|href)="/?(static/[^"]+)"', page):
            assert urllib.request.urlopen(f"{address}{name.decode()}", timeout=30).status == 200
        process.terminate()
        assert process.wait(END_LIMIT_S) == 0


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
