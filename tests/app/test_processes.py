"""Parents, priorities and signals, with real processes."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time

import psutil
import pytest
from fakes import HandClock

from tracker.app import process as priority
from tracker.app.shutdown import POLL_S, ParentWatch, StopRequest, stopping_on_signals


def a_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_process_that_ends_is_noticed() -> None:
    process, clock = a_process(), HandClock()
    try:
        watch = ParentWatch(process.pid, clock)
        assert not watch.has_ended()
    finally:
        process.kill()
    if sys.platform == "win32":
        process.wait()
    else:  # not waited for: it stays as a zombie, which is as good as gone
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
    assert not watch.has_ended(), "looked at too often"
    clock.advance(POLL_S)
    assert watch.has_ended()
    process.wait()
    clock.advance(POLL_S)
    assert watch.has_ended()


def test_a_parent_that_is_gone_from_the_start_has_ended() -> None:
    process = a_process()
    process.kill()
    process.wait()
    assert ParentWatch(process.pid).has_ended()


def test_a_process_id_that_was_used_again_is_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    class Successor:
        """What psutil says of a process whose time of creation is not the remembered one."""

        def __init__(self, pid: int) -> None:
            pass

        def is_running(self) -> bool:
            return False

    monkeypatch.setattr(psutil, "Process", Successor)
    assert ParentWatch(12345).has_ended()


class FakeProcess:
    def __init__(self, nice: int, allowed: bool) -> None:
        self.value = nice
        self._allowed = allowed

    def nice(self, value: int | None = None) -> int:
        if value is not None:
            if not self._allowed:
                raise psutil.AccessDenied()
            self.value = value
        return self.value


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are classes there")
@pytest.mark.parametrize(("step", "nice"), list(enumerate(priority.NICE)))
def test_a_priority_is_a_niceness(step: int, nice: int, monkeypatch: pytest.MonkeyPatch) -> None:
    process = FakeProcess(5, allowed=True)
    monkeypatch.setattr(psutil, "Process", lambda: process)
    priority.set_priority(step)
    assert process.value == nice


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are classes there")
def test_a_priority_that_is_not_allowed_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    process = FakeProcess(0, allowed=False)
    monkeypatch.setattr(psutil, "Process", lambda: process)
    with caplog.at_level(logging.WARNING, "tracker"):
        priority.set_priority(4)
        priority.set_priority(2)  # as it is already: nothing to ask for
    assert [record.getMessage() for record in caplog.records] == [
        "--priority 4 needs more rights than this user has; the priority is unchanged"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="raising a signal ends the process there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_a_signal_asks_to_stop_and_handlers_are_given_back(number: signal.Signals) -> None:
    stop = StopRequest()
    before = signal.getsignal(number)
    with stopping_on_signals(stop):
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGTERM)
    assert stop.requested
    assert stop.reason == number.name, "the first reason stays"
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal")
def test_an_ignored_hang_up_stays_ignored() -> None:
    stop = StopRequest()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping_on_signals(stop):
            signal.raise_signal(signal.SIGHUP)
        assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)
