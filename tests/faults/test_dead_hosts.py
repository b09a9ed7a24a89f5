"""A receiver that is switched off costs nobody else a frame."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.receiver import ROOT

SCENE = Path(__file__).with_name("dead_hosts_scene.py")
NAMESPACE = ["unshare", "-n"] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["unshare", "-Urn"]


def has_namespaces() -> bool:
    """Whether this system lets us make a network with a cable in it."""
    if sys.platform != "linux" or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    cable = ["ip", "link", "add", "near", "type", "veth", "peer", "name", "far"]
    return subprocess.run([*NAMESPACE, *cable], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("kind", ["push", "phone"])
@pytest.mark.parametrize("dead", [2, 5])
def test_hosts_that_are_switched_off_cost_the_others_nothing(kind: str, dead: int) -> None:
    if not has_namespaces():
        pytest.skip("needs Linux, unshare and ip, and leave to make network namespaces")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, str(SCENE), kind, str(dead)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted["here"] == counted["there"] == counted["sent"]
