"""The frozen program on Linux and macOS: signals, argv[0], files as outputs, the guided start. See test_spawned.py.

Everything here starts with an empty environment in a folder that cannot be written, see conftest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.packaging.spawned import DEMO, END_LIMIT_S, SMALL, Installed, ended, receiver

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX users, signals and argv[0]")

FROM_VPUPPR = (
    *("--visualize", "0", "--silent", "1", "--pnp-points", "0", "--discard-after", "0", "--scan-every", "0"),
    *("--no-3d-adapt", "1", "--max-feature-updates", "900"),
)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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
    assert all(record.got_3d and record.fit_error < 100 and record.confidence[:66].mean() > 0.7 for record in records)
    assert len({tuple(record.euler) for record in records}) > 90, "the demo face moves"
    assert (elsewhere / "output.txt").read_text() == (elsewhere / "error.txt").read_text() == ""


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
