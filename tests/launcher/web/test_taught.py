"""Expressions of one's own from the page: recorded, learnt, and shown to a VMC receiver and to VTube Studio."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.window_client import CHROMIUM, CHROMIUM_ARGUMENTS, LIMIT_MS, Visit, Window, open_window
from tests.output.fake_vts import FakeVTubeStudio
from tests.protocol.osc_reader import by_name, read_bundle

SMILE = "笑顔"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium without WebGL: this test is about the card, and drawing by software would take minutes."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need 'pip install playwright'")
    if CHROMIUM is None:
        pytest.skip("the browser tests need Chromium: 'apt-get install chromium'")
    arguments = [each for each in CHROMIUM_ARGUMENTS if "gl" not in each and "swiftshader" not in each]
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=[*arguments, "--disable-3d-apis"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    folder: Path = tmp_path_factory.mktemp("window")
    with open_window(folder, XDG_DATA_HOME=str(folder / "data")) as opened:
        yield opened


def record(here: Visit, name: str) -> None:
    here.page.fill("#taught-name", name)
    here.page.select_option("#taught-seconds", "5")
    here.page.click("#taught-record")
    here.until("(name) => window.facetracker.taught?.recording?.name === name", name)
    here.until("() => window.facetracker.taught?.recording === null")
    here.until("(name) => window.facetracker.taught.expressions.some((each) => each.name === name)", name)


def test_record_learn_and_trigger_a_vmc_expression_and_a_hotkey_of_vtube_studio(visit: Callable[..., Visit]) -> None:
    studio = FakeVTubeStudio()
    studio.hotkeys = [
        {"name": SMILE, "type": "ToggleExpression", "description": "", "file": "s.exp3.json", "hotkeyID": "1"},
    ]
    here = visit()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vmc:
        vmc.bind(("127.0.0.1", 0))
        vmc.settimeout(LIMIT_MS / 1000)
        _receivers(here, ("vmc", vmc.getsockname()[1]), ("vts", studio.port))
        here.page.select_option("#source", "demo")
        here.page.click("#start")
        here.until("() => window.facetracker.frames > 3")
        here.tab("face")
        record(here, "neutral")
        record(here, SMILE)
        here.until("() => window.facetracker.taught.trained")
        assert SMILE in here.page.inner_text(".taught-list")

        here.page.click(f".taught[data-name='{SMILE}'] button:has-text('Show always')")
        here.until("(name) => window.facetracker.taught.shown === name", SMILE)
        assert _blend(vmc, SMILE, lambda value: value == 1.0) == 1.0
        _until(lambda: studio.active == {"s.exp3.json"})
        assert here.page.get_attribute(f".taught[data-name='{SMILE}'] button:has-text('Show always')", "aria-pressed")

        here.page.click(f".taught[data-name='{SMILE}'] button:has-text('Forget')")
        here.page.click("#ask-yes")
        here.until("() => window.facetracker.taught.expressions.length === 1")
        assert _blend(vmc, SMILE, lambda value: value == 0.0) == 0.0
        _until(lambda: studio.active == set())
    assert studio.broken_rules == []
    studio.close()
    assert [error for error in here.errors if "WebGL" not in error] == []


def test_a_name_is_asked_for_and_nothing_is_asked_of_a_tracker_that_does_not_run(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.tab("face")
    assert here.page.is_disabled("#taught-record")
    assert here.look("() => window.facetracker.taught") is None
    assert [error for error in here.errors if "WebGL" not in error] == []


def _receivers(here: Visit, *wanted: tuple[str, int]) -> None:
    for number, (kind, port) in enumerate(wanted, start=1):
        if number > 1:
            here.page.click("#receiver-add")
        fieldset = f"#receivers fieldset:nth-child({number})"
        here.page.select_option(f"{fieldset} select", kind)
        here.page.fill(f"{fieldset} input[type=number]", str(port))


def _blend(vmc: socket.socket, name: str, good: Callable[[float], bool]) -> Any:
    """The newest value of `name` once it is `good`."""
    end, value = time.monotonic() + LIMIT_MS / 1000, None
    while time.monotonic() < end:
        blends = by_name(read_bundle(vmc.recv(65535)), "/VMC/Ext/Blend/Val")
        if name in blends:
            (value,) = blends[name]
            if good(value):
                return value
    return value


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_MS / 1000
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
