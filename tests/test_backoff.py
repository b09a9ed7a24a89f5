"""Pauses between attempts."""

from __future__ import annotations

import threading

from tracker.backoff import Backoff


def test_pauses_grow_to_the_longest_and_start_again_after_a_success() -> None:
    backoff = Backoff(0.5, 5.0)
    assert [backoff.next_s() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_a_pause_ends_when_the_program_stops() -> None:
    stopping = threading.Event()
    assert not Backoff(0.001, 1.0).wait(stopping)
    stopping.set()
    assert Backoff(600.0, 600.0).wait(stopping)
