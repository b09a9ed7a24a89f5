"""The window in a real browser: what a new user does, and what a stranger must not."""

from __future__ import annotations

import json
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from launcher.web.frames import pack_frame
from protocol import openseeface
from tests.launcher.window_client import LIMIT_MS, Visit, Window, open_window, start_demo, trackers
from tests.receiver import ROOT

DRAWS_3D = False
DATA = ROOT / "tests" / "protocol" / "data"


def test_a_new_user_starts_the_demo_changes_the_model_and_stops(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    assert here.state() == "stopped"
    start_demo(here)
    assert here.state() == "running"
    first = here.look("() => window.facetracker.angles.yaw")
    here.until("(first) => Math.abs(window.facetracker.angles.yaw - first) > 3", first)
    (before,) = trackers(window)
    assert "--model=3" in before.cmdline()

    here.page.select_option("#model", "0")
    assert "model" in here.page.inner_text("#changed")
    here.page.click("#start")
    here.until("(pid) => window.facetracker.server.pid && window.facetracker.server.pid !== pid", before.pid)
    frames = here.look("() => window.facetracker.frames")
    here.until("(frames) => window.facetracker.frames > frames + 3", frames)
    (after,) = trackers(window)
    assert "--model=0" in after.cmdline()
    assert not before.is_running()
    assert here.page.is_hidden("#changed")

    here.page.click("#stop")
    here.until("() => window.facetracker.server.state === 'stopped'")
    assert trackers(window) == []
    assert here.errors == []


def test_the_page_asks_nobody_but_its_own_server(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    start_demo(here)
    here.tab("details")
    here.page.click("#picture")
    here.until("() => window.facetracker.pictures > 0")
    foreign = [
        url
        for url in here.requests
        if not url.startswith((f"http://127.0.0.1:{window.port}/", f"ws://127.0.0.1:{window.port}/", "blob:"))
    ]
    assert foreign == []
    assert any(url.endswith("/static/app.js") for url in here.requests)


def test_two_receivers_are_fed_while_the_page_looks_on(visit: Callable[..., Visit]) -> None:
    here = visit()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        for receiver in (one, two):
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(LIMIT_MS / 1000)
        here.page.fill("#receivers fieldset:nth-child(1) input[type=number]", str(one.getsockname()[1]))
        here.page.click("#receiver-add")
        here.page.fill("#receivers fieldset:nth-child(2) input[type=number]", str(two.getsockname()[1]))
        start_demo(here)
        received = [{receiver.recv(65535) for _ in range(10)} for receiver in (one, two)]
        assert len(received[0] & received[1]) >= 8
    here.page.click("[aria-label='Remove receiver 2']")
    assert here.page.locator("#receivers fieldset").count() == 1


MODE = {"format": "MJPEG", "fourcc": "MJPG", "min_width": 1280, "min_height": 720, "max_width": 1280, "max_height": 720,
        "min_fps": 5.0, "max_fps": 60.0}  # fmt: skip
CAMERA = {"index": 2, "name": "Studio <b>Cam</b>", "backend": "V4L2", "path": "/dev/video4", "stable_id": "usb-studio"}


def test_cameras_are_listed_by_name_with_their_modes_and_looked_for_again(browser: Any, tmp_path: Path) -> None:
    # There is no camera on a test machine: this tracker lists what is in a file and is the real one otherwise.
    listing = tmp_path / "cameras.json"
    listing.write_text("[]", encoding="utf-8")
    program = tmp_path / "tracker.py"
    lines = [
        "import os, sys",
        f"command = [{sys.executable!r}, {str(ROOT / 'facetracker.py')!r}, *sys.argv[1:]]",
        f"print(open({str(listing)!r}).read()) if '--list-cameras' in command else os.execv(command[0], command)",
    ]
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with open_window(tmp_path, program=(sys.executable, str(program))) as window:
        here = Visit(browser, window.address)
        here.until("() => window.facetracker.form.cameras.found && !window.facetracker.form.cameras.searching")
        assert here.page.input_value("#source") == "demo"  # what there is to try without one
        listing.write_text(json.dumps([{**CAMERA, "modes": [MODE, {**MODE, "max_width": 640, "max_height": 480}]}]))
        here.page.click("#refresh")
        here.until(
            "() => [...document.getElementById('source').options].some(each => each.text === 'Studio <b>Cam</b>')"
        )
        here.page.select_option("#source", "usb-studio")
        here.page.select_option("#mode", label="1280 × 720, up to 60 /s, MJPEG")
        here.page.click("#start")
        # The camera is not really there, which the tracker says, and the window passes on.
        here.until("() => window.facetracker.server.state === 'refused'")
        assert "usb-studio" in here.page.inner_text("#problem")
        started = here.page.text_content("#log")
        for argument in ("--capture=usb-studio", "--width=1280", "--height=720", "--dformat=MJPG"):
            assert argument in started
        here.context.close()


def test_a_camera_that_is_not_there_is_said_in_words(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    here.page.select_option("#source", label="Video or picture file …")
    here.page.fill("#file", "/no/such/video.mp4")
    here.page.click("#start")
    here.until("() => window.facetracker.server.state === 'refused'")
    problem = here.page.inner_text("#problem")
    assert "cannot be used" in problem
    assert "/no/such/video.mp4" in problem
    assert trackers(window) == []


def test_a_crash_is_said_and_the_tracker_comes_back(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    start_demo(here)
    (tracker,) = trackers(window)
    tracker.kill()
    here.until("() => !document.getElementById('problem').hidden")
    assert "unexpectedly" in here.page.inner_text("#problem")
    here.until("(pid) => window.facetracker.server.pid && window.facetracker.server.pid !== pid", tracker.pid)
    here.until("() => document.getElementById('problem').hidden")


def test_a_crash_ends_neither_a_pause_nor_a_muted_mouth(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    start_demo(here)
    here.page.click("#mouth")
    here.until("() => window.facetracker.server.mouth_muted")
    here.page.click("#pause")
    here.until("() => document.getElementById('status').dataset.state === 'paused'")
    (tracker,) = trackers(window)
    tracker.kill()
    here.until("() => document.getElementById('status').dataset.state === 'waiting'")
    frames = here.look("() => window.facetracker.frames")
    here.until("() => document.getElementById('status').dataset.state === 'paused'")
    here.page.wait_for_timeout(2500)  # reports of the new tracker come every second
    assert here.look("() => [window.facetracker.server.paused, window.facetracker.server.mouth_muted]") == [True, True]
    assert here.look("() => window.facetracker.frames") == frames
    here.page.click("#pause")
    here.until("(frames) => window.facetracker.frames > frames + 3", frames)
    assert here.look("() => [window.facetracker.server.paused, window.facetracker.server.mouth_muted]") == [False, True]
    here.page.click("#stop")
    here.until("() => window.facetracker.server.state === 'stopped'")


def test_recentring_makes_the_pose_held_now_neutral(visit: Callable[..., Visit]) -> None:
    here = visit()
    start_demo(here)
    here.until("() => Math.abs(window.facetracker.angles.yaw) > 12")
    here.page.click("#recentre")
    here.until("() => document.querySelector('.notice')?.textContent.includes('Recentred')")
    here.tab("face")
    here.page.click("#reset")
    here.until(
        "() => [...document.querySelectorAll('.notice')].some(each => each.textContent.includes('learned again'))"
    )
    here.page.click("#pause")
    here.until("() => document.getElementById('status').dataset.state === 'paused'")
    here.page.click("#pause")
    frames = here.look("() => window.facetracker.frames")
    here.until("(frames) => window.facetracker.frames > frames + 3", frames)


def test_a_hidden_page_is_sent_nothing(visit: Callable[..., Visit]) -> None:
    here = visit()
    start_demo(here)
    hide = (
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    here.look(hide, True)
    frames, before = here.look("() => window.facetracker.frames"), -1
    deadline = time.monotonic() + LIMIT_MS / 1000
    while frames != before and time.monotonic() < deadline:  # what was on its way still comes
        before = frames
        here.page.wait_for_timeout(1000)
        frames = here.look("() => window.facetracker.frames")
    assert frames == before
    here.look(hide, False)
    here.until("(frames) => window.facetracker.frames > frames + 3", frames)


def test_profiles_are_saved_loaded_and_deleted(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.select_option("#source", "demo")
    here.page.select_option("#model", "-2")
    here.page.fill("#faces", "2")
    here.page.fill("#profile-name", "On stage")
    here.page.click("#profile-form button")
    here.until("() => [...document.getElementById('profiles').options].some(each => each.value === 'On stage')")
    here.page.select_option("#model", "3")
    here.page.fill("#faces", "1")
    here.page.select_option("#profiles", "On stage")
    here.page.click("#profile-load")
    here.page.click("#ask-no")  # what was edited is not saved anywhere yet
    assert here.page.input_value("#faces") == "1"
    here.page.click("#profile-load")
    here.page.click("#ask-yes")
    here.until("() => document.getElementById('model').value === '-2'")
    assert here.page.input_value("#faces") == "2"
    here.page.fill("#faces", "3")
    here.page.fill("#profile-name", "On stage")
    here.page.click("#profile-form button")
    assert "Replace" in here.page.inner_text("#ask")
    here.page.click("#ask-no")
    here.page.fill("#profile-name", "ON stage")  # one file on Windows and macOS
    here.page.click("#profile-form button")
    assert "“On stage”" in here.page.inner_text("#ask")
    here.page.click("#ask-no")
    here.page.click("#profile-delete")
    here.page.click("#ask-yes")
    here.until("() => ![...document.getElementById('profiles').options].some(each => each.value === 'On stage')")


def test_a_profiles_hidden_arguments_are_shown_and_asked_for(visit: Callable[..., Visit], window: Window) -> None:
    options = {"camera": "demo", "receivers": [], "scan_every": 7, "extra": ["--frames", "5000"]}
    folder = Path(psutil.Process(window.process.pid).environ()["XDG_CONFIG_HOME"]) / "facetracker" / "launcher"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "foreign.json").write_text(json.dumps({"version": 1, "options": options}), encoding="utf-8")
    here = visit()
    here.page.select_option("#profiles", "foreign")
    here.page.click("#profile-load")
    here.until("() => document.getElementById('extra').value === '--scan-every=7\\n--frames\\n5000'")
    here.page.click("#start")
    here.until("() => document.getElementById('ask').open")
    assert str(here.page.text_content("#ask-text")).endswith("--scan-every=7\n--frames\n5000")
    here.page.click("#ask-no")
    assert trackers(window) == []
    here.page.click("#start")
    here.page.click("#ask-yes")
    here.until("() => window.facetracker.frames > 3")
    assert trackers(window)[0].cmdline().count("--scan-every=7") == 1


def test_everything_can_be_reached_and_started_with_the_keyboard(visit: Callable[..., Visit]) -> None:
    here = visit()
    reached = set()
    for tab in ("setup", "avatar", "face", "details"):
        here.tab(tab)
        for _ in range(90):
            here.page.keyboard.press("Tab")
            reached.add(
                here.look("() => document.activeElement.id || document.activeElement.getAttribute('aria-label')")
            )
    wanted = {
        *("start", "head", "fit-view", "obs-open", "panel-close", "source", "refresh", "model", "fps", "smoothing"),
        *("receiver-add", "profile-name", "background", "obs-copy", "picture", "log", "language"),
    }
    assert wanted <= reached
    unnamed = here.look(
        "() => [...document.querySelectorAll('input, select')]"
        ".filter(each => !each.labels?.length && !each.getAttribute('aria-label')).map(each => each.outerHTML)"
    )
    assert unnamed == []
    here.tab("setup")
    here.page.select_option("#source", "demo")
    here.page.focus("#start")
    here.page.keyboard.press("Enter")
    here.until("() => window.facetracker.frames > 3")
    here.page.focus("#profile-name")
    here.page.keyboard.type("s")  # letters are text while one types
    assert here.page.input_value("#profile-name") == "s"
    # No single key ends or halts a stream.
    here.look("() => document.activeElement.blur()")
    pid = here.look("() => window.facetracker.server.pid")
    for key in "abcdefghijklmnopqrstuvwxyz0123456789":
        here.page.keyboard.press(key)
    frames = here.look("() => window.facetracker.frames")
    here.until("(frames) => window.facetracker.frames > frames + 3", frames)
    assert here.look("() => [window.facetracker.server.pid, window.facetracker.server.paused]") == [pid, False]
    here.page.focus("#stop")
    here.page.keyboard.press("Enter")
    here.until("() => window.facetracker.server.state === 'stopped'")


@pytest.mark.parametrize("width", [320, 400, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_sticks_out_of_the_page(visit: Callable[..., Visit], width: int, theme: str) -> None:
    here = visit(width=width)
    here.page.emulate_media(color_scheme=theme)
    here.until("(theme) => document.documentElement.dataset.theme === theme", theme)
    for tab in ("setup", "avatar", "face", "details"):
        here.tab(tab)
        assert here.look("() => document.documentElement.scrollWidth") <= width
        cut = here.look(
            "() => [...document.querySelectorAll('button, select, input:not(.visually-hidden), h2, label')]"
            ".filter(each => each.offsetParent && each.getBoundingClientRect().right > innerWidth + 1)"
            ".map(each => each.id)"
        )
        assert cut == []


def test_another_web_page_cannot_talk_to_the_window(browser: Any, window: Window, tmp_path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto("data:text/html,<title>stranger</title>")
    opened = page.evaluate(
        "(port) => new Promise(resolve => { const socket = new WebSocket(`ws://127.0.0.1:${port}/page`);"
        " socket.onopen = () => resolve(true); socket.onclose = () => resolve(false); })",
        window.port,
    )
    assert opened is False
    context.close()


def ask(window: Window, *lines: str) -> str:
    """The status line of the window's answer to a request of these lines."""
    with socket.create_connection(("127.0.0.1", window.port), 10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(200).decode("latin-1").partition("\r\n")[0]


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def test_foreign_hosts_and_origins_are_refused_on_the_wire(window: Window) -> None:
    home = f"Host: 127.0.0.1:{window.port}"
    origin = f"Origin: http://127.0.0.1:{window.port}"
    rebound = f"Host: evil.example:{window.port}"
    assert " 200 " in ask(window, "GET / HTTP/1.1", home)
    assert " 403 " in ask(window, "GET / HTTP/1.1", rebound)
    assert " 403 " in ask(window, "GET / HTTP/1.1", home, "Origin: http://evil.example")
    assert " 101 " in ask(window, "GET /page HTTP/1.1", home, origin, *UPGRADE)
    assert " 403 " in ask(window, "GET /page HTTP/1.1", rebound, f"Origin: http://evil.example:{window.port}", *UPGRADE)
    assert " 403 " in ask(window, "GET /page HTTP/1.1", home, "Origin: http://evil.example", *UPGRADE)
    assert " 403 " in ask(window, "GET /page HTTP/1.1", home, *UPGRADE)
    assert " 404 " in ask(window, "GET /static/../server.py HTTP/1.1", home)
    assert " 404 " in ask(window, "GET /static/%2e%2e/server.py HTTP/1.1", home)


def test_a_key_is_taken_out_of_the_address_and_lets_the_page_in_again(browser: Any, window: Window) -> None:
    here = Visit(browser, window.address)
    assert here.page.url == f"{window.origin}/"
    assert here.context.cookies() == []
    here.page.reload()
    here.until("() => window.facetracker?.server.view_port > 0")
    assert here.state() == "stopped"
    here.context.close()


def test_a_page_without_a_key_is_told_how_to_get_in_and_nothing_else(browser: Any, window: Window) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{window.origin}/")
    page.wait_for_function("() => document.getElementById('problem').textContent.includes('facetracker-launcher')")
    assert page.evaluate("() => window.facetracker.server.view_port") is None
    assert page.is_disabled("#start")
    context.close()


def test_the_browser_opens_by_itself_and_is_let_in_once(browser: Any, tmp_path: Path) -> None:
    note = tmp_path / "opened"
    opener = tmp_path / "opener.py"
    opener.write_text(f"import pathlib, sys\npathlib.Path({str(note)!r}).write_text(sys.argv[1])\n", encoding="utf-8")
    with open_window(tmp_path, (), BROWSER=f"{sys.executable} {opener} %s") as window:
        deadline = time.monotonic() + 30
        while not note.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        entry = note.read_text(encoding="utf-8")
        assert entry.startswith("file:///") and window.printed == f"{window.origin}/"
        file = Path(entry.removeprefix("file://"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        here = Visit(browser, entry)
        assert here.page.url == f"{window.origin}/"
        assert here.state() == "stopped"
        assert not file.exists()
        here.context.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_the_window_ends_the_tracker_ends_too(browser: Any, tmp_path: Path, number: int) -> None:
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        start_demo(here)
        (tracker,) = trackers(window)
        window.process.send_signal(number)
        code = window.process.wait(60)
        assert code == (-9 if number == signal.SIGKILL else 0)
        _, alive = psutil.wait_procs([tracker], timeout=10)
        assert alive == []
        here.until("() => document.getElementById('problem-text').textContent.includes('closed')")
        here.context.close()


def test_the_page_reads_what_the_server_packs(visit: Callable[..., Visit]) -> None:
    here = visit()
    records = openseeface.decode((DATA / "two_faces.bin").read_bytes())
    read = here.look(
        "async (bytes) => { const { readFrame } = await import('/static/frame.js');"
        " const frame = readFrame(new Uint8Array(bytes).buffer); return { ...frame, faces: frame.faces.map(face =>"
        " ({ ...face, points: [...face.points], pointConfidence: [...face.pointConfidence] })) } }",
        list(pack_frame(records, 70_000, 12.5)),
    )
    assert (read["received"], read["latencyMs"], len(read["faces"])) == (70_000, 12.5, 2)
    for got, record in zip(read["faces"], records, strict=True):
        assert (got["id"], got["width"], got["height"]) == (record.face_id, record.width, record.height)
        assert got["hasPose"] is record.got_3d
        for name, value in (
            ("fitError", record.fit_error),
            ("rightOpen", record.right_eye_open),
            ("leftOpen", record.left_eye_open),
            ("quaternion", record.quaternion.tolist()),
            ("translation", record.translation.tolist()),
            ("confidence", float(record.confidence[:66].mean())),
            ("features", record.features.tolist()),
        ):
            assert got[name] == pytest.approx(value, abs=1e-6), name
        gaze = record.points_3d[66:68] - record.points_3d[68:70]
        assert got["gaze"]["right"] == pytest.approx(gaze[0].tolist())
        assert got["gaze"]["left"] == pytest.approx(gaze[1].tolist())
        assert got["points"] == pytest.approx(record.points_2d.ravel().tolist(), abs=1 / 16)
        assert np.array(got["pointConfidence"]) / 255 == pytest.approx(record.confidence, abs=1 / 500)
