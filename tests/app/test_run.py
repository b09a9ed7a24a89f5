"""From what the user wrote to what sends: settings, errors and recentring."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.output.people import a_person, after
from tests.output.results import a_frame, a_result
from tests.protocol.osc_reader import read_bundle
from tests.receiver import PROGRAM, ROOT
from tracker.app.cli import main
from tracker.app.parsing import parse
from tracker.app.run import make_network
from tracker.app.run_control import RunControl
from tracker.app.settings import Settings, settings_from
from tracker.app.shutdown import StopRequest
from tracker.output.formats.table import FORMATS
from tracker.output.target import Target


def settings(*argv: str) -> Settings:
    return settings_from(parse(list(argv)))


def test_targets_of_all_formats_can_be_mixed() -> None:
    line = "--target a:1 --target vmc://b --target opentrack://[::1] --target json+ws://127.0.0.1?fps=10 -p 5"
    assert settings(*line.split()).output.targets == (
        Target("127.0.0.1", 5),
        Target("a", 1),
        Target("b", 39539, "vmc"),
        Target("::1", 4242, "opentrack"),
        Target("127.0.0.1", 11576, "json+ws", (("fps", "10"),)),
    )


def test_the_formats_are_printed_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-formats"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list(FORMATS)
    assert {"name", "title", "port", "transport", "listens", "extra", "receivers", "switches"} == set(listed[0])


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            "foo://127.0.0.1",
            "argument --target: target 'foo://127.0.0.1': unknown format 'foo'; must be one of "
            "osf, vmc, ifacialmocap, ifacialmocap+listen, livelink, opentrack, vts, json, json+ws (see --help)",
        ),
        ("vmc://127.0.0.1?model=missing.vrm", "cannot read the avatar missing.vrm (No such file or directory)"),
        (
            "json+ws://127.0.0.1:{taken}",
            "cannot listen at json+ws://127.0.0.1:{taken} ({in_use}); choose another port",
        ),
    ],
)
def test_a_target_that_cannot_work_ends_the_start_with_one_line(target: str, told: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with socket.socket() as late, pytest.raises(OSError) as refused:
            late.bind(("127.0.0.1", port))
        in_use = refused.value.strerror  # each system has its own words
        command = [*PROGRAM, "-c", "demo", "--frames", "1", "-s", "1", "--target", target.format(taken=port)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith(told.format(taken=port, in_use=in_use))


def test_a_missing_library_is_told_before_anything_starts() -> None:
    code = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'websockets' else find(name, *rest)\n"
        "from tracker.app.cli import main\n"
        "sys.exit(main(['-c', 'demo', '--frames', '1', '--target', 'vts://127.0.0.1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(
        'vts://127.0.0.1:8001 needs the package websockets: pip install "websockets>=15"'
    )
    assert len(done.stderr.splitlines()) == 1


class Steered:
    def recentre(self) -> None:
        pass

    def reset_calibration(self) -> None:
        pass


def test_recentring_takes_the_distance_anew() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        network = make_network(settings("--target", f"vmc://127.0.0.1:{listening.getsockname()[1]}?role=assistant"))
        run_control = RunControl(StopRequest(), on_recentre=network.recentre)
        run_control.attach(Steered())
        moment_s = 0.0

        def nearer(place: tuple[float, float, float]) -> float:
            """What is sent after a second and a half there."""
            nonlocal moment_s
            for _ in range(45):
                moment_s += 1 / 30
                network.write(a_frame(), run_control.as_sent(after(a_result(a_person(place=place)), moment_s)))
                last = listening.recv(2048)
            return _nearer_m(last)

        beside = (2.0, 0.0, 3.0)
        assert nearer((0.0, 0.0, 4.0)) == pytest.approx(0.0, abs=1e-4)
        assert nearer(beside) == pytest.approx(0.01 * 9.0 / 0.632, abs=1e-4)
        run_control.recentre()
        assert nearer(beside) == pytest.approx(0.0, abs=1e-4)
        run_control.recentre(clear=True)
        assert nearer(beside) == pytest.approx(0.0, abs=1e-4)
        network.close()


def _nearer_m(bundle: bytes) -> float:
    """How far forward the head's tracker is."""
    return float(dict(read_bundle(bundle))["/VMC/Ext/Hmd/Pos"][3])
