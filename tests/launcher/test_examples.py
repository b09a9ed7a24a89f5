"""The examples and what the documents say about the control channel, run and compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from launcher.cli import _parser
from launcher.profiles import load_profile
from protocol import openseeface
from protocol.control_commands import COMMANDS
from tests.launcher.programs import LIMIT_S
from tracker.app.run_control import RunControl
from tracker.app.shutdown import StopRequest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PACKETS = sorted((ROOT / "tests" / "protocol" / "data").glob("*.bin"))
MONO = shutil.which("mcs") and shutil.which("mono")
needs_mono = pytest.mark.skipif(not MONO, reason="mcs and mono are not installed")


def compiled(name: str, folder: Path) -> tuple[str, ...]:
    """The words that run a C# example."""
    target = folder / f"{name}.exe"
    subprocess.run(["mcs", "-warnaserror", f"-out:{target}", str(EXAMPLES / f"{name}.cs")], check=True, timeout=120)
    return "mono", str(target)


def receive(command: Sequence[str]) -> list[list[float]]:
    """What a receiver prints of all packets, line by line."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    words = [*command, str(port), str(len(PACKETS))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        try:
            assert receiver.stdout.readline() == f"listening on port {port}\n"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for packet in PACKETS:
                    sender.sendto(packet.read_bytes(), ("127.0.0.1", port))
            out, _ = receiver.communicate(timeout=LIMIT_S)
        finally:
            receiver.kill()
    return [[float(word) for word in line.split()] for line in out.splitlines()]


def expected() -> list[list[float]]:
    return [
        [
            record.face_id, float(record.got_3d), *record.euler.tolist(), record.right_eye_open, record.left_eye_open,
            float(record.features[12]),
        ]
        for packet in PACKETS
        for record in openseeface.decode(packet.read_bytes())
    ]  # fmt: skip


def compare(found: list[list[float]]) -> None:
    wanted = expected()
    assert len(found) == len(wanted) > 5
    for line, right in zip(found, wanted, strict=True):
        assert line == pytest.approx(right, abs=1e-4)


def test_the_python_receiver_reads_every_packet() -> None:
    compare(receive([sys.executable, str(EXAMPLES / "receiver.py")]))


@needs_mono
def test_the_c_sharp_receiver_reads_every_packet(tmp_path: Path) -> None:
    compare(receive(compiled("Receiver", tmp_path)))


@needs_mono
def test_the_c_sharp_launcher_starts_steers_and_ends_the_tracker(tmp_path: Path) -> None:
    command = [*compiled("Launcher", tmp_path), sys.executable, str(ROOT / "facetracker.py")]
    done = subprocess.run(
        [*command, "-c", "demo", "--model", "-3", "-p", "9"], capture_output=True, text=True, timeout=240, check=True
    )
    said = done.stdout.splitlines()
    assert said[-1] == "ended with 0"
    (recentred,) = (line for line in said if line.startswith("recentre: "))
    assert json.loads(recentred.removeprefix("recentre: "))["ok"] is True
    assert "  recentring" in said


def test_examples_stay_short() -> None:
    for file in EXAMPLES.glob("*.*"):
        assert len(file.read_text("utf-8").splitlines()) < 100, file.name


def fenced(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / document).read_text("utf-8"), re.DOTALL)


def test_the_example_of_the_control_channel_works(tmp_path: Path) -> None:
    (code,) = fenced("CONTROL.md", "python")
    script = tmp_path / "example.py"
    words = f'[sys.executable, {str(ROOT / "facetracker.py")!r}, "-p", "9",'
    assert code.count('["facetracker",') == 1
    script.write_text(code.replace('["facetracker",', words), "utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=240, check=True)
    ok = "{'type': 'reply', 'id': 1, 'ok': True}"
    assert (done.stdout.splitlines(), done.stderr) == ([ok, ok, "exit code 0"], "")


def test_every_command_and_every_figure_is_described() -> None:
    text = (DOCS / "CONTROL.md").read_text("utf-8")
    tables = [
        {name for cell in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    ]
    assert set(RunControl(StopRequest()).statistics()) in tables
    commands = [table for table in tables if table & set(COMMANDS)]
    assert set().union(*commands) == set(COMMANDS)


def test_the_example_of_a_profile_can_be_run(tmp_path: Path) -> None:
    (content,) = fenced("LAUNCHER.md", "json")
    (tmp_path / "example.json").write_text(content, "utf-8")
    options = load_profile("example", tmp_path).options
    assert (options.camera, options.values, len(options.receivers)) == ("demo", {"model": 0, "fps": 30}, 1)


def test_every_command_of_the_launcher_is_described() -> None:
    text = (DOCS / "LAUNCHER.md").read_text("utf-8")
    (actions,) = (action for action in _parser()._actions if action.choices)
    assert actions.choices
    for command in actions.choices:
        assert re.search(rf"`(facetracker-launcher |\.\.\. )?{command}[ `]", text), command


def test_the_library_is_described_as_it_is() -> None:
    (code,) = fenced("LAUNCHER.md", "python")
    script = f"import sys, os; sys.argv = ['x']\n{code}\nprint('done')"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    code = script.replace("    ...\n", "    import time\n    while not tracker.statistics: time.sleep(0.1)\n")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False, env=environment
    )
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1:]) == (0, "", ["done"])
