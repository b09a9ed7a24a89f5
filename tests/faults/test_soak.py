"""A short run in bad company; `python -m tests.faults.soak` takes longer."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("websockets")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_a_short_run_in_bad_company() -> None:
    from tests.faults.soak import soak

    # In so short a run memory is still filling up.
    assert soak(0.4).faults(max_growth_mib=30.0) == []
