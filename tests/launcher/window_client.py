"""A window to test: its own process with folders of its own, and the browser to look at it with."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.receiver import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebGL without a graphics card
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


LIMIT_MS = 60_000.0
TOKEN = "token-for-the-tests"


@dataclass(frozen=True)
class Window:
    """A running window. printed: where it said it is."""

    process: subprocess.Popen[str]
    printed: str

    @property
    def origin(self) -> str:
        """Its address without what follows the port."""
        return self.printed.partition("#")[0].rstrip("/")

    @property
    def address(self) -> str:
        """What lets any number of browsers in."""
        return f"{self.origin}/#{TOKEN}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.origin.rpartition(":")[2])


COMMAND = "import sys; from launcher.cli import main; sys.exit(main(['window', '--port', '0', *sys.argv[1:]]))"
WITH_PROGRAM = (
    "import sys; from launcher.web import main; from launcher.web.access_keys import given_token;"
    " sys.exit(main(port=0, token=given_token(), open_browser=False, program=sys.argv[1:]))"
)


@contextmanager
def open_window(
    folder: Path, arguments: Sequence[str] = ("--no-browser",), *, program: Sequence[str] = (), **environment: str
) -> Iterator[Window]:
    """A window on a free port that keeps its files in `folder`. Ended by SIGTERM, or killed if that does not help.

    arguments: after ``facetracker-launcher window``. program: the tracker in place of ours; without `arguments` then.
    """
    for needed in ("nicegui", "starlette", "uvicorn", "websockets"):
        pytest.importorskip(needed, reason="the window needs the extra 'launcher'")
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    folders = {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_RUNTIME_DIR": str(runtime),
        "FACETRACKER_WINDOW_TOKEN": TOKEN,
    }
    command = [sys.executable, "-c", *((WITH_PROGRAM, *program) if program else (COMMAND, *arguments))]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **folders, **environment}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "http://" in first, first
        yield Window(process, first.split()[-1])
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Visit:
    """A visit to the window, with all that went wrong and all that was asked of the network meanwhile."""

    def __init__(
        self, browser: Any, address: str, width: int = 1280, height: int = 900, locale: str = "en", scale: float = 0.3
    ) -> None:
        # Pictures are drawn by the processor here: an avatar that breathes all the time would take all of it.
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            device_scale_factor=scale,
            locale=locale,
        )
        self.context.add_init_script("localStorage.panel ??= 'open'; localStorage['low-cpu'] ??= 'on'")
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.methods: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.context.on("request", self._asked)
        self.page.on("websocket", lambda opened: self.requests.append(opened.url))
        self.page.set_default_timeout(LIMIT_MS)
        self.page.goto(address)
        self.ready()

    def ready(self) -> None:
        """Wait until the page is there, and put the first steps aside."""
        self.until(
            "() => window.facetracker?.isOpen && window.facetracker.server.view_port > 0"
            " && document.getElementById('model')"
        )
        if self.page.is_visible("#welcome"):
            self.page.click("#welcome-skip")
            self.page.click("#panel-open")

    def tab(self, name: str) -> None:
        """Show one of the drawer's tabs: ``setup``, ``avatar``, ``face`` or ``details``."""
        self.page.click(f"#tab-{name}")

    def _asked(self, request: Any) -> None:
        self.requests.append(request.url)
        self.methods.append(request.method)

    def until(self, condition: str, argument: object = None) -> None:
        """Wait for a JavaScript function of `argument` to be true."""
        self.page.wait_for_function(condition, arg=argument)

    def look(self, expression: str, argument: object = None) -> Any:
        """What a JavaScript function of `argument` returns in the page."""
        return self.page.evaluate(expression, argument)

    def state(self) -> str:
        """What the page shows the tracker to be up to."""
        return str(self.page.get_attribute("#status", "data-state"))


def trackers(window: Window) -> list[psutil.Process]:
    """The trackers that `window` runs; not the short runs that list cameras."""
    found = []
    for child in psutil.Process(window.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a short run may end while we look
            if child.status() != psutil.STATUS_ZOMBIE and "--parent-pid" in " ".join(child.cmdline()):
                found.append(child)
    return found


def start_demo(visit: Visit) -> None:
    """Choose the demo face, start, and wait for the first frames."""
    visit.page.select_option("#source", "demo")
    visit.page.click("#start")
    visit.until("() => window.facetracker.frames > 3")
