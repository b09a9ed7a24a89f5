"""What the page says is so: receivers, a lost connection, and edits that are never lost without a word."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.launcher.window_client import Visit, open_window, start_demo

DRAWS_3D = False


def test_each_receiver_says_how_it_goes(visit: Callable[..., Visit]) -> None:
    here = visit()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        here.page.fill("#receivers fieldset:nth-child(1) input[type=number]", str(receiver.getsockname()[1]))
        here.page.click("#receiver-add")
        here.page.fill("#receiver-host-1", "nowhere.invalid")
        start_demo(here)
        here.until("() => document.getElementById('receiver-state-0').textContent === 'Sending'")
        here.until("() => document.getElementById('receiver-state-1').textContent.includes('no computer of this name')")
        here.until("() => document.getElementById('receivers-text').textContent === 'One receiver is not reached'")
    here.until("() => document.getElementById('receiver-state-0').textContent.includes('Nobody listens there')")
    here.page.click("#stop")
    here.until("() => document.getElementById('receiver-state-0').hidden")


def test_edits_survive_a_reload_until_they_are_used(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.select_option("#source", "demo")
    here.page.fill("#fps", "17")
    here.page.reload()
    here.ready()
    here.until("() => document.getElementById('fps').value === '17'")
    assert here.look("() => window.facetracker.form.isEdited") is True
    start_demo(here)
    assert here.look("() => window.facetracker.form.isEdited") is False
    here.page.fill("#fps", "18")
    here.until("() => !document.getElementById('changed').hidden")
    here.page.click("#changed-undo")
    assert here.page.input_value("#fps") == "17"
    assert here.page.is_hidden("#changed")


def test_a_lost_launcher_leaves_no_old_face_and_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        start_demo(here)
        here.page.fill("#fps", "19")
        window.process.kill()
        window.process.wait(60)
        here.until("() => document.getElementById('stage').dataset.state === 'away'")
        assert here.page.inner_text("#head-text") == "Connection lost"
        assert "Start it again" in here.page.inner_text("#problem-text")
        assert here.page.is_visible("#problem-again")
        assert here.page.inner_text("#source-text") == ""
        assert here.page.input_value("#fps") == "19"
        assert here.look("() => getComputedStyle(document.getElementById('head')).filter.includes('grayscale')")
        here.context.close()


def test_kept_files_that_cannot_be_used_are_told_and_set_aside(browser: Any, tmp_path: Path) -> None:
    kept = tmp_path / "config" / "facetracker"
    damaged = {kept / "stage" / "stage.json": "{", kept / "launcher" / "Last used.json": '{"version": 2, "more": 1}'}
    for path, text in damaged.items():
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        told = here.look("() => [...document.querySelectorAll('.notice')].map((each) => each.textContent).join(' | ')")
        assert "keeping it as stage.json.damaged" in told
        assert "rofile 'Last used' is from a newer launcher" in told
        start_demo(here)
        here.context.close()
    for path, text in damaged.items():
        assert path.with_name(f"{path.name}.damaged").read_text(encoding="utf-8") == text
        assert path.is_file()
