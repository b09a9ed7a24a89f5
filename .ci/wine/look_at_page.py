"""Opens the page of the frozen Windows launcher, which Wine runs, in a browser of this system and tracks the demo face.

Usage: python look_at_page.py PICTURE, where the page's screenshot goes. Needs playwright and an installed Chromium.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from tests.launcher.window_client import CHROMIUM, CHROMIUM_ARGUMENTS, Visit, start_demo  # noqa: E402

LAUNCHER = ROOT / "build" / "wine" / "dist" / "facetracker" / "facetracker-launcher.exe"


def main(picture: str) -> int:
    command = [str(HERE / "run"), str(LAUNCHER), "window", "--no-browser", "--another"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as launcher:
        assert launcher.stdout is not None
        try:
            # Whatever Wine itself says comes on the same pipe.
            printed = next(line for line in launcher.stdout if "The window is at " in line)
            address = printed.partition("The window is at ")[2].strip()
            look(address, Path(picture))
        finally:
            # The script, Wine and the launcher; the job object takes the tracker along.
            os.killpg(launcher.pid, signal.SIGKILL)
    print(f"the page of {LAUNCHER.name} at {address}: {picture}")
    return 0


def look(address: str, picture: Path) -> None:
    """Open the page, track the demo face until it moves, and keep a picture of that."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        visit = Visit(browser, address, scale=1.0)
        start_demo(visit)
        first = visit.look("() => window.facetracker.angles.yaw")
        visit.until("(first) => Math.abs(window.facetracker.angles.yaw - first) > 3", first)
        visit.page.screenshot(path=picture)
        visit.page.click("#stop")
        visit.until("() => window.facetracker.server.state === 'stopped'")
        browser.close()
        if visit.errors:
            sys.exit(f"the page says: {visit.errors}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
