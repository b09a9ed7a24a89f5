"""The page for OBS: the avatar alone, transparent, read-only, with a key of its own, the same after a restart."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.launcher import dressed_avatars
from tests.launcher.window_client import CHROMIUM, CHROMIUM_ARGUMENTS, LIMIT_MS, Visit, Window, open_window, start_demo

Image = pytest.importorskip("PIL.Image")


def obs_address(visit: Visit) -> str:
    """What the page says to paste into OBS."""
    visit.until("() => document.getElementById('obs-address').value.includes('/obs/')")
    return str(visit.look("() => document.getElementById('obs-address').value"))


def open_obs(browser: Any, address: str) -> Any:
    """A page that shows `address` as OBS does, in a context of its own."""
    page = browser.new_context(viewport={"width": 320, "height": 240}, reduced_motion="reduce").new_page()
    page.set_default_timeout(LIMIT_MS)
    page.goto(address)
    page.wait_for_function("() => window.facetracker?.stage.viewport && window.facetracker.stage.live")
    return page


def pixels(page: Any) -> np.ndarray[Any, Any]:
    """(H, W, 4) of what is drawn, with how opaque it is."""
    page.evaluate("() => new Promise((done) => { window.facetracker.stage.viewport.draw(); setTimeout(done, 300); })")
    return np.asarray(Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA"))


def test_a_second_browser_shows_the_same_avatar_on_nothing(
    visit: Callable[..., Visit], browser: Any, tmp_path: Path
) -> None:
    here = visit()
    path = tmp_path / "figure.vrm"
    path.write_bytes(dressed_avatars.vrm(1))
    here.page.set_input_files("#avatar-file", path)
    here.until("() => window.facetracker.view._versions.avatar !== null")
    playwright = browser.browser_type
    second = playwright.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
    try:
        page = open_obs(second, obs_address(here))
        page.wait_for_function("() => window.facetracker.stage.avatar?.title === 'Dressed, of VRM 1'")
        seen = pixels(page)
        alpha = seen[..., 3]
        assert alpha[:30, :30].max() == 0  # the corner shows what lies behind
        assert (alpha == 255).mean() > 0.1
        assert 0.05 < (alpha == 0).mean() < 0.95
        # It moves with the face that is tracked, and shows what is switched on.
        start_demo(here)
        page.wait_for_function("() => window.facetracker.frames > 3")
        here.look("() => document.activeElement.blur()")
        here.page.keyboard.press("1")
        page.wait_for_function("() => window.facetracker.stage.avatar.weights.blush > 0.9")
    finally:
        second.close()


def test_a_page_for_obs_can_change_nothing(visit: Callable[..., Visit], browser: Any) -> None:
    here = visit()
    page = open_obs(browser, obs_address(here))
    heard = page.evaluate(
        """(path) => new Promise((done) => {
          const kinds = new Set();
          const socket = new WebSocket(`ws://${location.host}${path}page`);
          socket.onmessage = ({ data }) => kinds.add(typeof data === "string" ? JSON.parse(data).type : "frame");
          socket.onopen = () => {
            for (const what of ["start", "stop", "recentre", "stage", "upload", "obs", "remove", "picture", "save"])
              socket.send(JSON.stringify({
                do: what, on: true, kind: "avatar", name: "x", size: 3, settings: { idle: false },
              }));
            socket.send(new Uint8Array([1, 2, 3]));
            setTimeout(() => done([...kinds]), 1000);
          };
        })""",
        "/obs/" + obs_address(here).split("/obs/")[1],
    )
    assert heard == ["stage"]
    assert here.state() == "stopped"
    assert here.look("() => window.facetracker.view.settings.idle") is True
    page.context.close()


def status(window: Window, path: str) -> int:
    """The HTTP status of a plain request."""
    with socket.create_connection(("127.0.0.1", window.port), 10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{window.port}\r\n\r\n".encode())
        return int(connection.recv(200).split()[1])


def test_without_the_key_there_is_neither_page_nor_avatar(visit: Callable[..., Visit], window: Window) -> None:
    here = visit()
    path = "/obs/" + obs_address(here).split("/obs/")[1]
    assert status(window, path) == 200
    assert status(window, f"{path}kept/avatar") == 404  # none is loaded
    assert status(window, f"{path}kept/..%2fstage.json") == 404
    for wrong in ("/obs/", "/obs/x/", f"/obs/{'A' * 32}/", f"/obs/{'A' * 32}/kept/avatar", "/obs/%ed%a0%80/"):
        assert status(window, wrong) in (400, 404)
    assert status(window, "/kept/avatar") == 404
    here.tab("avatar")
    here.page.click("#obs-renew")
    here.page.click("#ask-yes")
    here.until("(before) => !document.getElementById('obs-address').value.endsWith(before)", path)
    assert status(window, path) == 404


def test_a_new_address_shuts_out_pages_that_are_open_and_is_told_to_all_others(
    visit: Callable[..., Visit], browser: Any
) -> None:
    here, elsewhere = visit(), visit()
    old = obs_address(here)
    assert obs_address(elsewhere) == old
    page = open_obs(browser, old)
    asked: list[str] = []
    page.on("websocket", lambda opened: asked.append(opened.url))
    here.tab("avatar")
    here.page.click("#obs-renew")
    here.page.click("#ask-yes")
    page.wait_for_function("() => getComputedStyle(document.getElementById('stage')).display === 'none'")
    for each in (here, elsewhere):
        each.until("(old) => document.getElementById('obs-address').value !== old", old)
    assert obs_address(here) == obs_address(elsewhere)
    here.tab("setup")
    start_demo(here)
    page.wait_for_timeout(2000)
    assert page.evaluate("() => window.facetracker.frames") == 0
    assert asked == []
    assert open_obs(browser, obs_address(elsewhere)).is_visible("#stage")
    page.context.close()


def test_address_avatar_and_view_outlive_the_launcher(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "figure.vrm"
    path.write_bytes(dressed_avatars.vrm(0))
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        here.page.set_input_files("#avatar-file", path)
        here.until("() => window.facetracker.view._versions.avatar !== null")
        here.tab("avatar")
        here.page.select_option("#background", "none")
        here.page.wait_for_timeout(600)
        address = obs_address(here)
        here.context.close()
    stage = tmp_path / "config" / "facetracker" / "stage"
    kept = json.loads((stage / "stage.json").read_text(encoding="utf-8"))
    assert kept["settings"]["background"]["kind"] == "none"
    assert (stage / "stage.json").stat().st_mode & 0o077 == 0
    assert (stage / "avatar").read_bytes() == path.read_bytes()
    with open_window(tmp_path) as window:
        here = Visit(browser, window.address)
        assert obs_address(here).split("/obs/")[1] == address.split("/obs/")[1]
        here.until("() => window.facetracker.avatar?.title === 'Dressed, of VRM 0'")
        here.context.close()
