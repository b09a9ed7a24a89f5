"""Two launchers of one user: the second says what the first does, instead of mixing two faces in one avatar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from launcher.options import Receiver, TrackerOptions
from launcher.sharing import shared_receivers
from tests.receiver import ROOT


@pytest.mark.parametrize(
    ("words", "receivers", "shared"),
    [
        ([], (), True),
        ([], (Receiver(),), True),
        ([], (Receiver("localhost"), Receiver("127.0.0.1", 39539, "vmc")), True),
        ([], (Receiver("127.0.0.1", 39539, "vmc"),), False),
        (["--target", "vmc://127.0.0.1:39539?fps=30"], (Receiver("127.0.0.1", 39539, "vmc"),), True),
        (["--target=[::1]:11573"], (), False),
        (["--target=127.0.0.1:99999", "--target=[::1]:4000"], (Receiver("::1", 4000),), True),
    ],
)
def test_receivers_that_two_trackers_would_share_are_named(
    words: list[str], receivers: tuple[Receiver, ...], shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launcher import sharing

    class Other:
        pid = os.getpid() + 1

        def ask(self, command: str) -> dict[str, object]:
            return {"state": "running", "arguments": ["--capture=demo", *words]}

    monkeypatch.setattr(sharing, "running_launchers", lambda folder: (Other(),))
    sentences = shared_receivers(TrackerOptions("demo", receivers=receivers))
    assert [f"process id {Other.pid}" in sentence for sentence in sentences] == ([True] if shared else [])


def test_a_second_run_says_that_the_first_sends_to_the_same_receiver(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "launcher.cli", "run"]
    first = subprocess.Popen(
        [*command, "-c", "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert first.stdout is not None
        assert "starting" in first.stdout.readline()
        second = subprocess.run(
            [*command, "-c", "demo", "--frames=1"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert second.returncode == 0
        assert f"process id {first.pid} already runs a tracker that sends to 127.0.0.1:11573" in second.stderr
    finally:
        children = psutil.Process(first.pid).children(recursive=True)
        first.terminate()
        first.communicate(timeout=60)
        assert psutil.wait_procs(children, timeout=10)[1] == []
