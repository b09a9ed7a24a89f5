"""Blocking work beside the window's loop."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from launcher.web.daemon_thread import in_thread


def test_results_and_errors_come_back() -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    assert asyncio.run(in_thread(max, 1, 3, 2)) == 3
    with pytest.raises(ValueError, match="no"):
        asyncio.run(in_thread(fail, "no"))


def test_what_hangs_does_not_hold_up_the_end() -> None:
    hanging = threading.Event()

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(in_thread(hanging.wait, 60.0), 0.1)

    begin = time.monotonic()
    asyncio.run(give_up())
    assert time.monotonic() - begin < 10.0
    hanging.set()
