"""A receiver that is switched off costs nobody else a frame, and a new address of this computer not the connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.receiver import ROOT

NAMESPACE = ["unshare", "-n"] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["unshare", "-Urn"]


def played(scene: str, *arguments: str) -> Any:
    """What a scene of this folder printed in a network namespace of its own."""
    if not has_namespaces():
        pytest.skip("needs Linux, unshare and ip, and leave to make network namespaces")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, str(Path(__file__).with_name(scene)), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def has_namespaces() -> bool:
    """Whether this system lets us make a network with a cable in it."""
    if sys.platform != "linux" or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    cable = ["ip", "link", "add", "near", "type", "veth", "peer", "name", "far"]
    return subprocess.run([*NAMESPACE, *cable], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("kind", ["push", "phone"])
@pytest.mark.parametrize("dead", [2, 5])
def test_hosts_that_are_switched_off_cost_the_others_nothing(kind: str, dead: int) -> None:
    counted = played("dead_hosts_scene.py", kind, str(dead))
    assert counted["here"] == counted["there"] == counted["sent"]


@pytest.mark.parametrize("kind", ["push", "phone"])
def test_new_address_of_this_computer_costs_a_moment(kind: str) -> None:
    first, second = played("new_address_scene.py", kind)
    assert first == 10
    assert second >= 8  # the first notices
