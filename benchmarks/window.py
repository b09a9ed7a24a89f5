"""What the launcher's window costs its own process, beside the tracker and the browser.

Needs the extra `launcher`, Playwright and Chromium. The window's folders are temporary.
"""

from __future__ import annotations

import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright
from websockets import ConnectionClosed, Origin
from websockets.sync.client import connect

from benchmarks.report import ROOT, Report, arguments, facts
from protocol import facejson
from tests.launcher.window_client import CHROMIUM, CHROMIUM_ARGUMENTS, TOKEN, Window, open_window

FPS = 30
SETTLE_S = 3.0


@contextmanager
def fed_client(window: Window) -> Iterator[Callable[[], int]]:
    """A client without anything to draw, and a record for it every 1/30 s: what the window costs where it is not the
    browser that is slow. Yields what counts the frames that came."""
    records = (ROOT / "tests" / "protocol" / "data" / "frontal.bin").read_bytes()
    packet = facejson.encode_packed(1, 0.0, records, {0: (bytes(52), bytes(52))})
    ended = threading.Event()
    count = 0
    with (
        connect(f"ws://127.0.0.1:{window.port}/page", origin=Origin(window.origin)) as client,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        client.send(json.dumps({"do": "enter", "key": TOKEN}))
        port = 0
        while not port:
            port = json.loads(client.recv()).get("view_port", 0)

        def send() -> None:
            due = time.monotonic()
            while not ended.is_set():
                sender.sendto(packet, ("127.0.0.1", port))
                due += 1 / FPS
                time.sleep(max(0.0, due - time.monotonic()))

        def take() -> None:
            nonlocal count
            with suppress(ConnectionClosed):
                while True:
                    count += isinstance(client.recv(), bytes)

        threads = [threading.Thread(target=work, daemon=True) for work in (send, take)]
        for thread in threads:
            thread.start()
        try:
            yield lambda: count
        finally:
            ended.set()
            client.close()
            for thread in threads:
                thread.join()


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (default: 10)")
    options = parser.parse_args()
    report = Report("window", facts())
    with (
        tempfile.TemporaryDirectory() as folder,
        open_window(Path(folder)) as window,
        sync_playwright() as playwright,
    ):
        process = psutil.Process(window.process.pid)

        def measure(state: str, frames: Callable[[], int] = lambda: 0) -> None:
            time.sleep(SETTLE_S)
            shown, before, begin = frames(), process.cpu_times(), time.monotonic()
            time.sleep(options.seconds)
            after, took = process.cpu_times(), time.monotonic() - begin
            used = after.user + after.system - before.user - before.system
            report.add(
                state=state,
                **{
                    "% of a core": round(100 * used / took, 2) + 0.0,
                    "frames shown /s": (frames() - shown) / took,
                    "memory MiB": process.memory_info().rss / 2**20,
                },
            )

        measure("no page")
        with fed_client(window) as counted:
            measure(f"a client that takes {FPS} frames /s", counted)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page()
        page.goto(window.address)
        page.wait_for_function("() => window.facetracker?.isOpen && document.getElementById('fps')", timeout=60_000)
        if page.is_visible("#welcome"):
            page.click("#welcome-skip")
        page.click("#panel-open")
        measure("page open, stopped")
        page.select_option("#source", "demo")
        page.fill("#fps", str(FPS))
        page.click("#start")
        page.wait_for_function("() => window.facetracker.frames > 3", timeout=60_000)

        def frames() -> int:
            count: Any = page.evaluate("() => window.facetracker.frames")
            return int(count)

        measure(f"page open, tracking at {FPS} /s", frames)
        page.click("#tab-details")
        page.click("#picture")
        measure(f"page open, tracking at {FPS} /s, camera picture", frames)
        browser.close()
        measure("page closed, tracking goes on")
    report.finish(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
