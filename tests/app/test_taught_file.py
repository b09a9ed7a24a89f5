"""The file of taught expressions: damaged, on a full disk, and while the program is killed."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.face.taught.faces import FPS, SHAPES, Actor, a_taught
from tests.receiver import ROOT
from tracker.app.command_error import CommandError
from tracker.app.run_control import RunControl
from tracker.app.shutdown import StopRequest
from tracker.app.taught_file import TaughtKeeper, load_taught, save_taught, taught_path
from tracker.face.taught.library import TaughtExpressions

LIMIT_S = 20.0


def until(condition: object, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def names(taught: TaughtExpressions) -> list[str]:
    return [each["name"] for each in taught.state()["expressions"]]


def test_each_profile_has_a_file_and_there_is_one_without_a_profile() -> None:
    assert taught_path("Anna").name == "Anna.json"
    assert taught_path(None).name == "default.json"


def test_a_missing_file_is_a_first_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taught = TaughtExpressions()
    load_taught(taught, tmp_path / "none.json")
    assert names(taught) == [] and not caplog.records


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe", b'{"a":' * 100])
def test_a_damaged_file_costs_one_line_and_never_the_start(
    damage: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "default.json"
    path.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        load_taught(TaughtExpressions(), path)
    (record,) = caplog.records
    assert "are damaged" in record.getMessage() and "\n" not in record.getMessage()
    assert path.with_name("default.json.damaged").read_bytes() == damage


def test_every_prefix_of_a_file_is_read_or_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "default.json"
    save_taught(a_taught("neutral", "joy", seconds=2.0)[0], path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, len(whole) // 50):
        path.write_bytes(whole[:length])
        taught = TaughtExpressions()
        load_taught(taught, path)
        assert names(taught) == []


def test_a_disk_that_refuses_costs_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        save_taught(TaughtExpressions(), tmp_path / "file" / "default.json")
    assert "cannot write the expressions" in caplog.text


def test_a_recording_is_kept_before_it_is_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.app.taught_file.CLOSE_LIMIT_S", LIMIT_S)
    path = tmp_path / "default.json"
    there: list[bool] = []
    taught, actor = a_taught("neutral", "joy", seconds=2.0)
    learn = taught.train

    def slow() -> object:
        there.append(path.exists())
        return learn()

    monkeypatch.setattr(taught, "train", slow)
    keeper = TaughtKeeper(taught, path)
    taught.start("angry", 2.0)
    actor.show(taught, "angry", 2.2)
    keeper.close()
    assert there == [True]
    again = TaughtExpressions()
    load_taught(again, path)
    assert names(again) == ["neutral", "joy", "angry"] and again.state()["trained"]


def test_what_there_was_no_time_to_learn_from_is_learnt_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "default.json"
    taught, actor = a_taught("neutral", "joy", seconds=2.0)
    go_on, learn = threading.Event(), taught.train

    def slow() -> object:
        go_on.wait(LIMIT_S)
        return learn()

    monkeypatch.setattr(taught, "train", slow)
    monkeypatch.setattr("tracker.app.taught_file.CLOSE_LIMIT_S", 0.1)
    keeper = TaughtKeeper(taught, path)
    taught.start("angry", 2.0)
    actor.show(taught, "angry", 2.2)
    until(path.exists)
    keeper.close()
    assert "the next start makes up for it" in caplog.text
    again = TaughtExpressions()
    load_taught(again, path)
    go_on.set()
    assert names(again) == ["neutral", "joy", "angry"] and again.is_behind
    TaughtKeeper(again, None)
    until(lambda: not again.is_behind)
    assert Actor(3).show(again, "angry", 1.0)[-1] == "angry"


def test_a_recording_is_learnt_and_kept_without_being_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.app.taught_file.CLOSE_LIMIT_S", LIMIT_S)  # however busy the machine is
    path, actor = tmp_path / "default.json", Actor()
    taught = TaughtExpressions()
    keeper = TaughtKeeper(taught, path)
    for name in ("neutral", "joy"):
        taught.start(name, 2.0)
        actor.show(taught, name, 2.2)
    until(lambda: taught.state()["trained"] and path.exists())
    taught.start("angry", 60.0)  # still going on at the end
    actor.show(taught, "angry", 2.0)
    keeper.close()
    again = TaughtExpressions()
    load_taught(again, path)
    assert names(again) == ["neutral", "joy", "angry"]
    assert Actor(3).show(again, "angry", 1.0)[-1] == "angry"


def test_what_was_changed_just_before_the_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "default.json"
    taught, _ = a_taught("neutral", "joy", seconds=2.0)
    keeper = TaughtKeeper(taught, path)
    taught.enable(True, threshold=0.9)
    keeper.changed()
    keeper.close()
    assert json.loads(path.read_text("utf-8"))["threshold"] == 0.9


_SAVER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}]
from tests.face.taught.faces import a_taught
from tracker.app.taught_file import save_taught
taught, _ = a_taught("neutral", "joy", seconds=2.0)
print("ready", flush=True)
while True:
    save_taught(taught, Path(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_program_that_is_killed_while_it_saves_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "default.json"
    save_taught(a_taught("neutral", "joy", seconds=2.0)[0], path)
    for round_ in range(5):
        saver = subprocess.Popen(
            [sys.executable, "-c", _SAVER.format(root=str(ROOT)), str(path)], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert saver.stdout is not None
        saver.stdout.readline()
        time.sleep(0.02 + 0.017 * round_)
        saver.kill()
        saver.wait(LIMIT_S)
        saver.stdout.close()
        taught = TaughtExpressions()
        load_taught(taught, path)
        assert names(taught) == ["neutral", "joy"]


class Camera(threading.Thread):
    """Shows faces to `taught` at a quick rate, as the tracking thread does."""

    def __init__(self, taught: TaughtExpressions) -> None:
        super().__init__(daemon=True)
        self.shape = "neutral"
        self.shown: str | None = None
        self._taught = taught
        self._ended = threading.Event()

    def run(self) -> None:
        actor = Actor()
        while not self._ended.wait(0.2 / FPS):
            seen = self._taught.apply(actor.face(SHAPES[self.shape]), actor.now_s).taught
            self.shown = None if seen is None else seen.name

    def close(self) -> None:
        self._ended.set()
        self.join(LIMIT_S)


def test_commands_record_learn_list_choose_and_clear(tmp_path: Path) -> None:
    taught = TaughtExpressions()
    keeper = TaughtKeeper(taught, tmp_path / "default.json")
    control, camera = RunControl(StopRequest(), taught=taught, keep_taught=keeper.changed), Camera(taught)
    camera.start()
    try:
        with pytest.raises(CommandError, match="an expression needs a name"):
            control.expression_record()
        with pytest.raises(CommandError, match="record at least two expressions"):
            control.expression_train()
        for name, shape in (("neutral", "neutral"), ("笑顔", "joy"), ("怒り", "angry")):
            camera.shape = shape
            time.sleep(0.1)
            assert control.expression_record(name, 3.0, 0.2) == {"name": name}
            until(lambda: control.expression_list()["recording"] is None)
        until(lambda: len(control.expression_list()["expressions"]) == 3 and control.expression_list()["trained"])
        answer = control.expression_train()
        assert set(answer["recall"]) == {"neutral", "笑顔", "怒り"} and answer["mistaken"] == []
        camera.shape = "joy"
        until(lambda: control.expression_list()["shown"] == "笑顔" and camera.shown == "笑顔")
        listed: dict[str, Any] = control.expression_list()
        assert max(listed["expressions"], key=lambda each: each["probability"])["name"] == "笑顔"
        control.expression_override("怒り")
        until(lambda: camera.shown == "怒り")
        control.expression_override()
        until(lambda: camera.shown == "笑顔")
        control.expression_enable(off=True)
        until(lambda: camera.shown is None)
        control.expression_enable(threshold=0.6, hold_s=0.2)
        assert control.expression_list()["hold_s"] == 0.2
        assert control.expression_stop() == {"name": None}
        assert control.expression_clear("怒り") == {"name": "怒り"}
        with pytest.raises(CommandError, match="there is no expression '怒り'"):
            control.expression_clear("怒り")
        until(lambda: control.expression_list()["trained"])
        json.dumps(control.expression_list())
    finally:
        camera.close()
        keeper.close()
