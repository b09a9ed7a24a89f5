"""A small part of the fuzzing; `python -m tests.faults.fuzz` does more."""

from __future__ import annotations

from tests.faults.fuzz import run


def test_nothing_but_promised_errors() -> None:
    assert run(4000, seed=20) == []
