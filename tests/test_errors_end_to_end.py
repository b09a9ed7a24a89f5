"""The program as its users and launchers start it: what it prints, how it ends, with which exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from protocol import openseeface

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, str(ROOT / "facetracker.py")]
CHEAP = ["--model", "-3", "-W", "320", "-H", "180"]
END_LIMIT_S = 5.0  # five times what is promised
SMALL = ["-W", "4", "-H", "2"]  # raw frames of 24 bytes


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run to the end; standard input is closed after `stdin`."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """Listens on a free port of this computer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(30.0)
        yield listening


def port_of(receiver: socket.socket) -> str:
    return str(receiver.getsockname()[1])


@pytest.fixture
def no_models(tmp_path: Path) -> str:
    """A folder with our manifest whose networks are not what it says."""
    folder = tmp_path / "models"
    shutil.copytree(ROOT / "models", folder)
    for network in folder.glob("*.onnx"):
        network.write_bytes(network.read_bytes()[:-1] + b"?")
    return str(folder)


@pytest.fixture
def empty_clip(tmp_path: Path) -> str:
    """Ten frames without a face, as a video file."""
    path = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for shade in range(10):
        writer.write(np.full((48, 64, 3), 20 * shade, np.uint8))
    writer.release()
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["--model", "9"],
            2,
            "argument --model: must be one of -3, -2, -1, 0, 1, 2, 3, 4, got '9' (see --help)",
        ),
        (["--port", "0"], 2, "argument -p/--port: must be between 1 and 65535, got 0 (see --help)"),
        (["--port", "70000"], 2, "argument -p/--port: must be between 1 and 65535, got 70000 (see --help)"),
        (["--faces", "40"], 2, "argument --faces: must be between 1 and 36, got 40 (see --help)"),
        (
            ["--ip", ""],
            2,
            "argument -i/--ip: the host is empty; give a name or an address such as 127.0.0.1 (see --help)",
        ),
        (
            ["--log-output", "/no/such/folder/log.txt"],
            2,
            "argument --log-output: cannot write /no/such/folder/log.txt: No such file or directory",
        ),
        (["--no-such-option"], 2, "unrecognized arguments: --no-such-option (see --help)"),
        (["-c", "/no/such/file.mp4"], 3, "there is no file /no/such/file.mp4"),
    ],
    ids=["model", "port 0", "port 70000", "40 faces", "no host", "log path", "option", "file"],
)  # fmt: skip
def test_bad_input_is_told_in_exactly_one_line(arguments: list[str], code: int, line: str) -> None:
    done = run(*arguments, "--silent", "1")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"facetracker: error: {line}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only there a window needs a display")
def test_a_preview_without_a_display_is_told_before_opencv_aborts() -> None:
    done = run("-c", "demo", "-v", "1", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 2
    assert done.stderr == "facetracker: error: a preview needs a display: set DISPLAY or omit --visualize\n"


def test_a_camera_that_is_not_there_is_told() -> None:
    done = run("-c", "987", *CHEAP)
    assert done.returncode == 3
    assert done.stderr.startswith("facetracker: error: there is no camera 987; ")
    assert done.stderr.count("\n") == 1


def test_a_text_file_as_video_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video\n" * 100)
    done = run("-c", str(path), *CHEAP)
    assert done.returncode == 3
    assert str(path) in done.stderr
    assert done.stderr.count("\n") == 1


def test_empty_raw_input_is_told() -> None:
    done = run("--raw-rgb", "1", *CHEAP)
    assert (done.returncode, done.stderr) == (3, "facetracker: error: raw input was empty\n")


def test_half_a_frame_of_raw_input_costs_a_warning() -> None:
    done = run("--raw-rgb", "1", "--model", "-3", *SMALL, "-s", "1", "-F", "0", stdin=bytes(24 + 12))
    assert done.returncode == 0
    assert done.stderr == (
        "facetracker: warning: the raw input ended 12 bytes into a frame of 24 (4x2x3); that frame is dropped\n"
    )


def test_a_damaged_network_is_told(no_models: str) -> None:
    done = run("-c", "demo", "--model-dir", no_models)
    assert done.returncode == 4
    assert "damaged" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_of_other_networks_is_passed_over(tmp_path: Path, empty_clip: str) -> None:
    done = run("-c", empty_clip, *CHEAP, "--model-dir", str(tmp_path))
    assert done.returncode == 0
    assert str(tmp_path) in done.stdout
    assert run("-c", empty_clip, *CHEAP, "--model-dir", str(tmp_path), "-s", "1").stdout == ""


def test_a_silent_run_prints_nothing_and_ends_with_its_file(empty_clip: str) -> None:
    done = run("-c", empty_clip, *CHEAP, "--silent", "1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_ends_with_openseefaces_summary_and_copies_what_it_prints(empty_clip: str, tmp_path: Path) -> None:
    copy = tmp_path / "log.txt"
    done = run("-c", empty_clip, *CHEAP, "--log-output", str(copy))
    assert done.stdout.splitlines()[-1] == "Frames: 10"
    version, _, rest = copy.read_bytes().decode("utf-8").partition("\n")
    assert version.startswith("facetracker ") and rest == done.stdout
    assert done.stderr == ""


def test_an_unknown_host_only_warns(empty_clip: str) -> None:
    done = run("-c", "demo", "-F", "0", "--frames", "40", *CHEAP, "--ip", "no-such-host.invalid", "-s", "1")
    assert done.returncode == 0
    assert done.stderr.startswith("facetracker: warning: host no-such-host.invalid is unknown (")
    assert done.stderr.count("\n") == 1


def test_the_demo_face_is_sent_as_records_with_rising_time(receiver: socket.socket) -> None:
    done = run("-c", "demo", "--frames", "20", "--port", port_of(receiver), *CHEAP, "-s", "1", "--face-id-offset", "5")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    receiver.settimeout(0.2)
    records = []
    while True:
        try:
            data = receiver.recv(65535)
        except TimeoutError:
            break
        assert len(data) == 1785
        records += openseeface.decode(data)
    assert len(records) >= 15
    times = [record.time for record in records]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert {record.face_id for record in records} == {5}


def test_vseefaces_own_arguments_start_tracking(receiver: socket.socket, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    line = (
        f"--ip 127.0.0.1 --port {port_of(receiver)} --capture demo --silent 1 -W 1920 -H 1080 -F 30 -D 0 "
        "--max-threads 1 --model 4 --gaze-tracking 1 --discard-after 0 --scan-every 0 --no-3d-adapt 1 "
        "--max-feature-updates 900"
    )
    done = run(*line.split(), "--model-dir", "..\\models\\", "--log-output", str(log), "--frames", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(receiver.recv(65535)) == 1785


def test_the_benchmark_prints_seven_numbers() -> None:
    done = run("--benchmark", "1", "--priority", "2", "--max-threads", "1", "--model-dir", "..\\models\\")
    assert (done.returncode, done.stderr) == (0, "")
    rates = [float(line) for line in done.stdout.splitlines()]
    assert len(rates) == 7
    assert min(rates) > 0


def test_lists_of_cameras_are_all_that_is_printed() -> None:
    names = run("--list-cameras", "2")
    numbered = run("-l", "1")
    assert names.returncode == numbered.returncode == 0
    assert numbered.stdout.splitlines()[0] == "Available cameras:"
    assert len(numbered.stdout.splitlines()) == 1 + len(names.stdout.splitlines())
    assert len(json.loads(run("-l", "3").stdout)) == len(names.stdout.splitlines())


def started(*arguments: str, **popen: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*PROGRAM, *arguments], cwd=ROOT, **popen)  # type: ignore[call-overload,no-any-return]


def wait_for_end(process: subprocess.Popen[bytes]) -> int:
    """Its exit code; fails when it does not end in time."""
    try:
        return process.wait(END_LIMIT_S)
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_tracking_and_leaves_whole_files(name: str, receiver: socket.socket, tmp_path: Path) -> None:
    csv, video = tmp_path / "out.csv", tmp_path / "out.avi"
    process = started(
        "-c", "demo", *CHEAP, "-s", "1", "--port", port_of(receiver), "--log-data", str(csv), "--video-out", str(video)
    )
    try:
        for _ in range(5):
            receiver.recv(65535)
        process.send_signal(getattr(signal, name))
        assert wait_for_end(process) == 0
    finally:
        process.kill()
    rows = csv.read_bytes().decode("utf-8").split("\r\n")
    assert rows[-1] == ""
    assert len({row.count(",") for row in rows[:-1]}) == 1
    capture = cv2.VideoCapture(str(video))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) >= len(rows) - 2 >= 4
    assert capture.read()[0]
    capture.release()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
def test_a_silent_standard_input_does_not_hold_the_end() -> None:
    process = started("--raw-rgb", "1", *CHEAP, "-s", "1", "-p", "9", stdin=subprocess.PIPE)
    try:
        time.sleep(1.0)  # still importing or already reading: both must do
        process.send_signal(signal.SIGTERM)
        assert wait_for_end(process) == 0
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
def test_a_stream_that_never_answers_does_not_hold_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = started("-c", f"http://127.0.0.1:{server.getsockname()[1]}/live.mjpg", *CHEAP, "-s", "1", "-p", "9")
        try:
            server.settimeout(30.0)
            connection, _ = server.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                assert wait_for_end(process) == 0
        finally:
            process.kill()


def test_a_launcher_that_never_reads_does_not_hold_tracking() -> None:
    """Far more text than a pipe holds, and the run still ends by itself."""
    frames = ["--raw-rgb", "1", "-F", "0", "--model", "-3", *SMALL, "--verbose-frames", "-p", "9"]
    process = started(*frames, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=4096)
    try:
        assert process.stdin is not None
        process.stdin.write(bytes(24 * 1_000))
        process.stdin.close()
        assert process.wait(30.0) == 0
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's process tree")
def test_the_tracker_ends_with_its_parent(receiver: socket.socket) -> None:
    starter = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([*sys.argv[1:], '--parent-pid', str(os.getpid())])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    arguments = [*PROGRAM, "-c", "demo", *CHEAP, "-s", "1", "--port", port_of(receiver)]
    parent = subprocess.Popen([sys.executable, "-c", starter, *arguments], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert len(receiver.recv(65535)) == 1785
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + END_LIMIT_S
        while _runs(child) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _runs(child)
    finally:
        parent.kill()
        parent.wait()
        if _runs(child):
            os.kill(child, signal.SIGKILL)


def _runs(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_parent_that_is_gone_already_ends_the_tracker_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = run("-c", "demo", *CHEAP, "-s", "1", "--parent-pid", str(gone.pid))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_system_library_of_opencv_is_named(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    done = run("-c", "demo", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        "facetracker: error: OpenCV cannot be loaded (libGL.so.1: cannot open shared object file); "
        "on Debian and Ubuntu it needs: sudo apt-get install libgl1 libglib2.0-0\n"
    )


def test_version_and_help_end_with_0() -> None:
    version = run("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("facetracker ")
    assert "--target FORMAT://HOST:PORT" in run("--help").stdout
