"""The program leaves no trace and makes no report that its user did not ask for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.receiver import PROGRAM, ROOT

HIDES_TELEMETRY = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME", "PYTHONPATH")
"""Variables with which onnxruntime would not begin to report anyway, or that lead it elsewhere than the home folder."""
AS_LIBRARY = "import numpy; from tracker import Tracker; Tracker(model=-3).process(numpy.zeros((90, 160, 3), 'uint8'))"


@pytest.mark.skipif(sys.platform == "win32", reason="the home folder is not a variable there")
@pytest.mark.parametrize(
    "command",
    [[*PROGRAM, "-c", "demo", "--frames", "3", "-F", "0", "-p", "9", "-s", "1"], [sys.executable, "-c", AS_LIBRARY]],
    ids=["program", "library"],
)
def test_nothing_appears_in_the_home_folder(command: list[str], tmp_path: Path) -> None:
    """onnxruntime's telemetry begins by keeping a number for the computer there."""
    environment = {name: value for name, value in os.environ.items() if name not in HIDES_TELEMETRY}
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, "HOME": str(tmp_path)}, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(tmp_path.rglob("*")) == []
