"""Windows closes the console, signs the user out or shuts down. Windows itself is stood in for; the real messages are
sent in tests/packaging/test_spawned_windows.py."""

from __future__ import annotations

import sys
import threading

import pytest

from tracker.app.windows_end import REASONS, answer_to_event, answer_to_message, stopping_with_windows

CTRL_C, CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN = 0, 1, 2, 5, 6
WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION, WM_PAINT = 0x10, 0x11, 0x16, 0x0F
LOGOFF = 0x80000000


@pytest.mark.parametrize("event", [CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN])
def test_the_handler_asks_for_the_stop_and_returns_only_after_the_end(event: int) -> None:
    """Windows ends the process as soon as the handler returns."""
    done: list[str] = []
    ended, asked = threading.Event(), threading.Event()

    def ask(reason: str) -> None:
        done.append(reason)
        asked.set()

    def wait() -> None:
        assert ended.wait(10)
        done.append("ended")

    thread = threading.Thread(target=answer_to_event, args=(event, ask, wait))
    thread.start()
    assert asked.wait(10)
    assert thread.is_alive()
    ended.set()
    thread.join(10)
    assert done == [REASONS[event], "ended"]


@pytest.mark.parametrize("event", [CTRL_C, CTRL_BREAK])
def test_keys_stay_signals(event: int) -> None:
    called: list[object] = []
    assert not answer_to_event(event, called.append, lambda: called.append("waited"))
    assert called == []


def test_a_session_that_ends_is_not_objected_to_and_given_what_it_waits_for() -> None:
    done: list[str] = []

    def answer(message: int, w: int = 0, flags: int = 0) -> int | None:
        return answer_to_message(message, w, flags, done.append, lambda: done.append("waited"))

    assert answer(WM_QUERYENDSESSION) == 1
    assert answer(WM_ENDSESSION, 0) == 0
    assert done == [], "somebody else objected: the session goes on"
    assert answer(WM_ENDSESSION, 1, LOGOFF) == 0
    assert answer(WM_ENDSESSION, 1) == 0
    assert done == [REASONS[CTRL_LOGOFF], "waited", REASONS[CTRL_SHUTDOWN], "waited"]


def test_taskkill_asks_and_is_not_kept_waiting() -> None:
    asked: list[str] = []
    assert answer_to_message(WM_CLOSE, 0, 0, asked.append, pytest.fail) == 0
    assert asked == ["asked to close"]
    assert answer_to_message(WM_PAINT, 0, 0, asked.append, pytest.fail) is None


@pytest.mark.skipif(sys.platform == "win32", reason="does something there")
def test_other_systems_have_none_of_this() -> None:
    before = threading.active_count()
    with stopping_with_windows(pytest.fail):
        assert threading.active_count() == before


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows")
def test_handler_and_window_come_and_go() -> None:
    before = threading.active_count()
    for _ in range(3):
        with stopping_with_windows(pytest.fail):
            assert threading.active_count() == before + 1
        assert threading.active_count() == before
