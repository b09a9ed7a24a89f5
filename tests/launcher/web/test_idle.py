"""A window that nobody looks at does nothing at all."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.launcher.window_client import open_window

REST_S = 3.0


def wake_ups(pid: int) -> int:
    """How often the threads of a process have gone to sleep so far, which is how often they were awake."""
    count = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


@pytest.mark.skipif(sys.platform != "linux", reason="counts wake-ups in /proc")
def test_without_a_page_no_timer_runs(tmp_path: Path) -> None:
    with open_window(tmp_path) as window:
        time.sleep(2.0)
        before = wake_ups(window.process.pid)
        time.sleep(REST_S)
        assert wake_ups(window.process.pid) - before <= 1
