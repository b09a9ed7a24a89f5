"""The life of a process: with programs that behave as trackers do on their worst days."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import ControlError, LauncherError, Lines, Receiver, State, TrackerOptions, TrackerProcess
from launcher.events import Connected, Crashed, Refused, Restarting, Started, Stopped
from launcher.output_log import MAX_LINES
from launcher.process import RestartPolicy
from tests.launcher.programs import LIMIT_S, Events, is_gone, texts, until, write_fake

HASTY = RestartPolicy(first_pause=0.1, longest_pause=0.4, quit=1.0, terminate=1.0, kill=5.0)
Make = Callable[..., TrackerProcess]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes trackers that behave as told, and stops them."""
    program = write_fake(tmp_path)
    made: list[TrackerProcess] = []

    def make(behaviour: str, restart_policy: RestartPolicy = HASTY) -> TrackerProcess:
        made.append(
            TrackerProcess(
                TrackerOptions(extra_args=(f"do:{behaviour}",)), program=program, restart_policy=restart_policy
            )
        )
        return made[-1]

    yield make
    for tracker in made:
        tracker.stop()


def test_the_tracker_is_given_its_options_and_the_launchers_number(make: Make) -> None:
    tracker = make("tell")
    options = TrackerOptions(
        "demo", model=-3, receivers=(Receiver(port=4000),), extra_args=("do:tell", "an 'odd' \"word\"")
    )
    tracker.start(options)
    assert tracker.wait(LIMIT_S)
    (line,) = texts(tracker)
    assert json.loads(line) == [*options.arguments(), f"--parent-pid={os.getpid()}"]
    assert tracker.options == options
    assert (tracker.state, tracker.exit_code, tracker.alive, tracker.pid) == (State.STOPPED, 0, False, None)


def test_events_tell_start_and_end_and_lines_come_first(make: Make) -> None:
    tracker = make("tell")
    events = Events(tracker)
    tracker.start()
    stopped = events.wait_for(Stopped)
    assert stopped == Stopped(0)
    assert events.kinds() == ["Started", "Stopped"]
    assert isinstance(events[-2], Lines) and events[-2].lines[-1].stream == "out"


def test_a_flood_of_lines_blocks_nobody(make: Make) -> None:
    tracker = make("flood")
    seen: list[int] = []

    def slow(event: object) -> None:
        if isinstance(event, Lines):
            seen.append(len(event.lines) + event.left_out)
            time.sleep(0.05)

    tracker.subscribe(slow)
    tracker.start()
    assert tracker.wait(LIMIT_S)
    assert tracker.exit_code == 0
    tracker.flush(LIMIT_S)
    assert len(tracker.output) == MAX_LINES
    assert texts(tracker)[-2:] == ["line 49999", "last"], "the newest lines are kept, the last one without its end too"
    assert sum(seen) == 50_002, "the launcher's own line included"


def test_a_tracker_that_babbles_can_be_stopped(make: Make) -> None:
    tracker = make("babble")
    tracker.start()
    until(lambda: len(tracker.output) == MAX_LINES)
    pid = tracker.pid
    assert pid is not None
    tracker.stop()
    assert is_gone(pid)


def test_an_endless_line_is_left_out(make: Make) -> None:
    tracker = make("endless line")
    tracker.start()
    assert tracker.wait(LIMIT_S)
    assert texts(tracker) == ["(a line of more than 4096 bytes was dropped)", "after"]


@pytest.mark.parametrize(
    ("code", "explanation"),
    [
        (2, "A setting is wrong: this is why"),
        (3, "The camera or file cannot be used: this is why"),
        (4, "The tracker's networks are missing or damaged; reinstall it: this is why"),
    ],
)
def test_a_wrong_setting_is_explained_and_not_tried_again(make: Make, code: int, explanation: str) -> None:
    tracker = make(f"exit {code}")
    events = Events(tracker)
    tracker.start()
    assert events.wait_for(Refused) == Refused(code, explanation)
    assert tracker.wait(LIMIT_S)
    assert (tracker.state, tracker.exit_code, tracker.explanation) == (State.REFUSED, code, explanation)
    assert events.kinds() == ["Started", "Refused"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_crash_is_told_and_started_again_with_growing_pauses(make: Make) -> None:
    tracker = make("kill itself")
    events = Events(tracker)
    began = time.monotonic()
    tracker.start()
    events.wait_for(Started, 4)
    assert time.monotonic() - began >= 0.1 + 0.2 + 0.4
    assert events.kinds()[:4] == ["Started", "Crashed", "Restarting", "Started"]
    assert events.wait_for(Crashed) == Crashed(-9, "The tracker ended unexpectedly (SIGKILL).")
    events.wait_for(Restarting, 4)
    pauses = [event for event in events if isinstance(event, Restarting)]
    assert pauses[:4] == [Restarting(0.1, 1), Restarting(0.2, 2), Restarting(0.4, 3), Restarting(0.4, 4)]
    tracker.stop()
    assert (tracker.state, tracker.alive) == (State.STOPPED, False)
    started = events.kinds().count("Started")
    time.sleep(1.0)
    assert events.kinds().count("Started") == started, "stopped means stopped"


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        (["pause", "mute_mouth"], ["pause", "mute_mouth"]),
        (["pause", "resume", "mute_mouth"], ["mute_mouth"]),
        (["pause", "mute_mouth", "unmute_mouth"], ["pause"]),
        ([], []),
    ],
)
def test_a_tracker_started_again_after_a_crash_is_paused_and_muted_again(
    asked: list[str], again: list[str], tmp_path: Path, make: Make
) -> None:
    notes = tmp_path / "notes"
    tracker = make(f"note {notes}")
    events = Events(tracker)
    tracker.start()
    events.wait_for(Connected)
    for command in asked:
        tracker.control.request(command)
    with pytest.raises(ControlError):
        tracker.control.recentre()
    events.wait_for(Connected, 2)
    tracker.control.reset_calibration()  # comes after all that was asked for again
    noted = [name for name in notes.read_text(encoding="utf-8").split() if name != "statistics"]
    assert noted == [*asked, "recentre", *again, "reset_calibration"]


def test_a_start_by_the_user_begins_neither_paused_nor_muted(tmp_path: Path, make: Make) -> None:
    notes = tmp_path / "notes"
    tracker = make(f"note {notes}")
    tracker.start()
    until(lambda: tracker.control.connected)
    tracker.control.pause()
    tracker.control.mute_mouth()
    tracker.start()
    until(lambda: tracker.control.connected)
    tracker.control.mute_mouth(False)
    noted = notes.read_text(encoding="utf-8").split()
    assert [name for name in noted if name != "statistics"] == ["pause", "mute_mouth", "quit", "unmute_mouth"]


def test_a_pause_that_was_never_answered_is_asked_for_again(make: Make) -> None:
    tracker = make("odd")
    tracker.start()
    until(lambda: tracker.control.connected)
    with pytest.raises(ControlError, match="has disconnected"):
        tracker.control.pause()
    assert tracker.control.standing.commands() == ("pause",)


def test_a_crash_is_not_repeated_within_a_second_by_default() -> None:
    assert RestartPolicy().first_pause >= 1.0


def test_a_failure_with_a_reason_is_told_with_it(make: Make) -> None:
    tracker = make("exit 1")
    events = Events(tracker)
    tracker.start()
    assert events.wait_for(Crashed) == Crashed(1, "The tracker failed: this is why")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_tracker_that_does_not_listen_is_killed(make: Make) -> None:
    tracker = make("stubborn")
    tracker.start()
    until(lambda: "ready" in texts(tracker))
    pid = tracker.pid
    assert pid is not None
    assert tracker.stop() == -9
    assert is_gone(pid)
    assert "the tracker did not terminate; killing it" in texts(tracker, "launcher")


def test_a_tracker_is_asked_to_end_first(make: Make) -> None:
    tracker = make("polite")
    tracker.start()
    until(lambda: tracker.control.connected)
    assert tracker.version == "9.9"
    assert tracker.stop() == 0
    assert not tracker.control.connected
    assert len(texts(tracker, "launcher")) == 1, "nothing had to be insisted on"


def test_start_while_running_restarts_with_the_new_settings(make: Make) -> None:
    tracker = make("polite")
    events = Events(tracker)
    tracker.start()
    until(lambda: tracker.control.connected)
    first = tracker.pid
    tracker.start(TrackerOptions("demo", extra_args=("do:sleep",)))
    assert first is not None and is_gone(first)
    assert tracker.alive and tracker.pid != first
    assert tracker.options.camera == "demo"
    until(lambda: events.kinds()[-1] == "Started")
    assert events.kinds() == ["Started", "Connected", "Stopped", "Started"]


def test_stopping_what_does_not_run_is_fine(make: Make) -> None:
    tracker = make("sleep")
    assert tracker.stop() is None
    assert tracker.wait(0.1)
    tracker.start()
    tracker.stop()
    tracker.stop()


def test_leaving_the_block_stops_it(tmp_path: Path) -> None:
    options = TrackerOptions(extra_args=("do:sleep",))
    with TrackerProcess(options, program=write_fake(tmp_path), restart_policy=HASTY) as tracker:
        tracker.start()
        pid = tracker.pid
    assert pid is not None and is_gone(pid)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    tracker = TrackerProcess(program=(str(tmp_path / "nothing here"),))
    with pytest.raises(LauncherError, match=r"the tracker cannot be started .*nothing here"):
        tracker.start()
    assert (tracker.state, tracker.alive) == (State.STOPPED, False)


def test_an_odd_path_is_started_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "Björn's 顔 tracker; echo & $HOME"
    folder.mkdir()
    options = TrackerOptions(camera="Kamera „Größe“ & | > x", extra_args=("do:tell",))
    with TrackerProcess(options, program=write_fake(folder, "fäke $(x).py")) as tracker:
        tracker.start()
        assert tracker.wait(LIMIT_S)
    assert json.loads(texts(tracker)[0])[0] == "--capture=Kamera „Größe“ & | > x"


def test_a_tracker_that_talks_nonsense_is_understood_as_far_as_it_goes(make: Make) -> None:
    tracker = make("odd")
    with pytest.raises(ControlError, match="not connected"):
        tracker.control.pause()
    tracker.start()
    until(lambda: tracker.control.connected)
    with pytest.raises(ControlError, match="not today"):
        tracker.control.recentre()
    with pytest.raises(ControlError, match="an invalid picture"):
        tracker.control.picture()
    with pytest.raises(ControlError, match=r"did not answer within 0\.2 seconds"):
        tracker.control.request("statistics", limit_s=0.2)
    with pytest.raises(ControlError, match="the tracker has disconnected"):
        tracker.control.request("pause", limit_s=LIMIT_S)
    assert tracker.wait(LIMIT_S)
    assert tracker.exit_code == 0


def test_a_callback_that_fails_hinders_nobody(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    tracker = make("tell")

    def fails(event: object) -> None:
        raise RuntimeError("no")

    tracker.subscribe(fails)
    events = Events(tracker)
    tracker.start()
    events.wait_for(Stopped)
    assert "a callback failed on Started" in caplog.text


def test_who_unsubscribed_is_told_nothing(make: Make) -> None:
    tracker = make("tell")
    told: list[object] = []
    tracker.subscribe(told.append)()
    events = Events(tracker)
    tracker.start()
    events.wait_for(Stopped)
    assert told == []
