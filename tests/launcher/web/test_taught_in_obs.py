"""A page for OBS shows the taught expressions whether or not the launcher's own page is open."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.programs import until
from tests.launcher.scripted_tracker import scripted_tracker
from tests.launcher.window_client import LIMIT_MS, TOKEN, Window, open_window


def listen(page: Any, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda message: True) -> dict[str, Any]:
    """The next message of that kind that is as wanted."""
    end = time.monotonic() + LIMIT_MS / 1000
    while (left := end - time.monotonic()) > 0:
        text = page.recv(timeout=left)
        if isinstance(text, str):
            message: dict[str, Any] = json.loads(text)
            if message["type"] == kind and wanted(message):
                return message
    raise AssertionError(f"no such {kind}")


@contextlib.contextmanager
def enter(window: Window) -> Iterator[Any]:
    """A page of the launcher's own, without a browser."""
    client = pytest.importorskip("websockets.sync.client", reason="the window needs the extra 'launcher'")
    with client.connect(f"ws://127.0.0.1:{window.port}/page", origin=window.origin) as page:
        page.send(json.dumps({"do": "enter", "key": TOKEN}))
        yield page


def test_taught_expressions_are_shown_in_obs_while_the_launchers_page_is_closed(tmp_path: Path) -> None:
    client = pytest.importorskip("websockets.sync.client", reason="the window needs the extra 'launcher'")
    tracker = scripted_tracker(tmp_path / "tracker")
    tracker.find([])
    with open_window(tmp_path, program=tracker.program) as window:
        with enter(window) as own:
            address = listen(own, "obs")["path"]
            own.send(json.dumps({"do": "stage", "settings": {"expressionNames": ["happy", "tears"]}}))
            own.send(json.dumps({"do": "start", "settings": {"camera": "demo"}}))
            listen(own, "state", lambda state: state["steerable"])
        with client.connect(f"ws://127.0.0.1:{window.port}{address}page", origin=window.origin) as obs:
            listen(obs, "stage", lambda stage: stage["expressions"] == [])
            for name, switched in (("joy", ["happy"]), ("tears", ["tears"]), (None, []), ("joy", ["happy"])):
                tracker.show(name)
                listen(obs, "stage", lambda stage, switched=switched: stage["expressions"] == switched)
            with enter(window) as own:
                own.send(json.dumps({"do": "stop"}))
                listen(obs, "stage", lambda stage: stage["expressions"] == [])


def test_nothing_is_asked_of_the_tracker_while_no_page_is_open(tmp_path: Path) -> None:
    tracker = scripted_tracker(tmp_path / "tracker")
    tracker.find([])
    with open_window(tmp_path, program=tracker.program) as window:
        with enter(window) as own:
            own.send(json.dumps({"do": "start", "settings": {"camera": "demo"}}))
            listen(own, "state", lambda state: state["steerable"])
            until(lambda: "expression_list" in tracker.commands)
        time.sleep(0.5)  # what was on its way
        asked = tracker.commands.count("expression_list")
        time.sleep(1.5)  # a tracker that was taught is asked five times a second
        assert 0 < tracker.commands.count("expression_list") == asked
