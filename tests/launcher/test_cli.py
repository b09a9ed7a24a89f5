"""``facetracker-launcher`` as a user, a script and another shell know it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.instances import RemoteAccess, running_launchers
from launcher.options import Receiver, TrackerOptions
from launcher.process import TrackerProcess
from launcher.profiles import Profile, save_profile
from protocol.control import ControlAddress
from tests.launcher.programs import LIMIT_S, is_gone, until, write_fake

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "launcher.cli")
posix = pytest.mark.skipif(sys.platform == "win32", reason="the runtime folder cannot be moved there")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of the user's is seen or touched."""
    for name in ("run", "config"):
        (tmp_path / name).mkdir(mode=0o700)
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": str(ROOT),
    }


def call(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=ROOT, env=home, capture_output=True, encoding="utf-8", timeout=240, check=False
    )


@pytest.fixture
def running(home: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A launcher that runs the demo and tells what happens."""
    process = subprocess.Popen(
        [*COMMAND, "run", "--json", "-c", "demo", "--model", "-3", "-p", "9"],
        cwd=ROOT, env=home, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def next_event(process: subprocess.Popen[str], kind: str) -> dict[str, object]:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == kind:
            return dict(event)
    raise AssertionError(f"no {kind} came")


def runtime_files(home: dict[str, str]) -> list[Path]:
    return list(Path(home["HOME"]).glob("**/launchers/*.json"))


def test_cameras_are_listed(home: dict[str, str]) -> None:
    answer = call(home, "list", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    cameras = json.loads(answer.stdout)
    plain = call(home, "list")
    assert plain.returncode == 0
    if not cameras:
        assert plain.stdout == "no camera was found; '-c demo' works without one\n"
    else:
        assert all(f"{camera['index']}: {camera['name']}" in plain.stdout for camera in cameras)


@posix
def test_another_shell_sees_steers_and_stops_it(home: dict[str, str], running: subprocess.Popen[str]) -> None:
    next_event(running, "connected")
    next_event(running, "statistics")
    (file,) = runtime_files(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    (status,) = json.loads(call(home, "status", "--json").stdout)
    assert (status["launcher"], status["state"], status["exit_code"]) == (running.pid, "running", None)
    assert status["statistics"]["source"] == "demo"
    plain = call(home, "status")
    assert plain.returncode == 0
    assert plain.stdout.startswith(f"launcher {running.pid}: running, tracker {status['pid']} ")

    for command in ("pause", "resume", "reset-calibration", "recentre"):
        assert call(home, command).returncode == 0, command
    assert call(home, "recentre", "--clear").returncode == 0

    stopped = call(home, "stop")
    assert (stopped.returncode, stopped.stdout) == (0, f"stopped the tracker of launcher {running.pid}\n")
    assert is_gone(status["pid"])
    rest, _ = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 0
    said = [json.loads(line) for line in rest.splitlines()]
    assert {"paused", "tracking resumed", "calibration reset", "recentring", "recentring cleared"} <= {
        event["text"] for event in said if event["event"] == "line"
    }
    assert said[-1]["event"] == "stopped"
    assert runtime_files(home) == []
    after = call(home, "status")
    assert (after.returncode, after.stdout) == (1, "no tracker is running\n")
    assert call(home, "stop").returncode == 1


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_launcher_and_tracker(
    number: signal.Signals, home: dict[str, str], running: subprocess.Popen[str]
) -> None:
    tracker = next_event(running, "connected")["pid"]
    running.send_signal(number)
    assert running.wait(LIMIT_S) == 0
    assert isinstance(tracker, int) and is_gone(tracker)
    assert runtime_files(home) == []


@posix
def test_what_a_killed_launcher_left_behind_is_no_launcher(
    home: dict[str, str], running: subprocess.Popen[str]
) -> None:
    next_event(running, "started")
    until(lambda: runtime_files(home))
    running.kill()
    running.wait()
    assert call(home, "status", "--json").stdout == "[]\n"
    assert runtime_files(home) == []


def test_run_ends_as_the_tracker_did_and_passes_on_what_it_said(home: dict[str, str]) -> None:
    answer = call(home, "run", "-c", "no such camera")
    assert answer.returncode == 3
    assert "no camera called 'no such camera'" in answer.stderr
    assert "facetracker-launcher: The camera or file cannot be used: " in answer.stderr
    ended = call(home, "run", "--", "-c", "demo", "--model", "-3", "--frames", "3", "-p", "9")
    assert ended.returncode == 0
    assert "Frames: 3" in ended.stdout.splitlines()


@posix
def test_run_takes_a_profile_and_options_after_it(home: dict[str, str]) -> None:
    folder = Path(home["XDG_CONFIG_HOME"]) / "facetracker" / "launcher"
    if sys.platform == "darwin":
        folder = Path(home["HOME"]) / "Library" / "Application Support" / "facetracker" / "launcher"
    save_profile(Profile("evening", TrackerOptions("demo", model=-3, receivers=(Receiver(port=9),))), folder)
    answer = call(home, "run", "evening", "--frames", "2")
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "Frames: 2")
    assert "Profiles: evening." in call(home, "run", "--help").stdout
    missing = call(home, "run", "morning")
    assert (missing.returncode, missing.stderr) == (2, "facetracker-launcher: error: there is no profile 'morning'\n")
    save_profile(Profile("evening", TrackerOptions("demo", model="x")), folder)
    wrong = call(home, "run", "evening")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "profile 'evening' cannot be used: Model must be" in wrong.stderr
    (folder / "evening.json").write_text("{")
    damaged = call(home, "run", "evening")
    assert damaged.returncode == 2
    assert damaged.stderr.startswith("facetracker-launcher: error: profile 'evening' is damaged (")
    assert damaged.stderr.count("\n") == 1


def test_wrong_usage_is_one_line(home: dict[str, str]) -> None:
    answer = call(home, "dance")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("facetracker-launcher: error: ") and answer.stderr.count("\n") == 1


def test_without_its_extra_the_window_says_how_to_install_it(home: dict[str, str]) -> None:
    script = "import sys; sys.modules['nicegui'] = None; from launcher.cli import main; sys.exit(main([]))"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=home, capture_output=True, text=True, timeout=240, check=False
    )
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1 and 'pip install "nicegui>=3,<4"' in answer.stderr


def test_help_and_lists_need_neither_numpy_nor_the_tracker(home: dict[str, str]) -> None:
    script = (
        "import sys, launcher.cli\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "sys.exit(str(loaded & {'numpy', 'cv2', 'tracker', 'onnxruntime', 'nicegui'}) if loaded & "
        "{'numpy', 'cv2', 'tracker', 'onnxruntime', 'nicegui'} else 0)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=home, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_no_file_of_the_library_imports_the_tracker() -> None:
    for file in sorted((ROOT / "launcher").rglob("*.py")):
        for line in file.read_text("utf-8").splitlines():
            assert not line.lstrip().startswith(("import tracker", "from tracker")), file


# The same without a command line in between.


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[TrackerProcess]:
    with TrackerProcess(TrackerOptions(extra_args=("do:polite",)), program=write_fake(tmp_path)) as tracker:
        yield tracker


def test_who_does_not_know_the_token_is_not_let_in(tracker: TrackerProcess, tmp_path: Path) -> None:
    with RemoteAccess(tracker, tmp_path / "run"):
        (launcher,) = running_launchers(tmp_path / "run")
        assert launcher.ask("status")["state"] == "stopped"
        wrong = ControlAddress(launcher.address.host, launcher.address.port, launcher.address.token + "x")
        with pytest.raises(LauncherError, match="refused"):
            type(launcher)(launcher.pid, wrong).ask("status")


def test_unknown_commands_and_trackers_that_are_not_there_are_told(tracker: TrackerProcess, tmp_path: Path) -> None:
    with RemoteAccess(tracker, tmp_path / "run"):
        (launcher,) = running_launchers(tmp_path / "run")
        with pytest.raises(LauncherError, match="there is no command 'dance'; commands are status, stop, recentre"):
            launcher.ask("dance")
        with pytest.raises(LauncherError, match="the tracker is not connected"):
            launcher.ask("recentre")
    assert running_launchers(tmp_path / "run") == ()
    with pytest.raises(LauncherError, match="does not answer"):
        launcher.ask("status")


def test_several_launchers_are_all_found(tracker: TrackerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RemoteAccess(tracker, folder), RemoteAccess(tracker, folder):
        (folder / "1-broken.json").write_text("{")
        assert len(running_launchers(folder)) == 2


def test_a_file_whose_process_number_was_used_again_is_removed(tracker: TrackerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RemoteAccess(tracker, folder):
        (file,) = folder.iterdir()
        copy = folder / "1-left behind.json"
        copy.write_bytes(file.read_bytes())
    assert list(folder.iterdir()) == [copy], "this very process runs, but nobody listens there"
    assert running_launchers(folder) == ()
    assert not copy.exists()


@posix
def test_a_folder_that_others_can_write_to_is_not_trusted(tracker: TrackerProcess, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(LauncherError, match="other users have access"):
        RemoteAccess(tracker, folder).open()
    assert running_launchers(folder) == ()
