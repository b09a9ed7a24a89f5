"""Opens the page of the frozen Windows launcher, which Wine runs, in a browser of this system and tracks the demo face.

Usage: python look_at_page.py PICTURE, where the page's screenshot goes. Needs playwright and an installed Chromium.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).resolve().parent
LAUNCHER = HERE.parent.parent / "build" / "wine" / "dist" / "facetracker" / "facetracker-launcher.exe"
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
LIMIT_MS = 90_000


def main(picture: str) -> int:
    command = [str(HERE / "run"), str(LAUNCHER), "window", "--no-browser", "--another"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        try:
            assert launcher.stdout is not None
            address = launcher.stdout.readline().strip().removeprefix("The window is at ")
            assert address.startswith("http://"), address
            look(address, Path(picture))
        finally:
            subprocess.run([str(HERE / "run"), str(LAUNCHER), "stop"], capture_output=True)
            launcher.terminate()
    print(f"the page of {LAUNCHER.name} at {address}: {picture}")
    return 0


def look(address: str, picture: Path) -> None:
    """Open the page and keep a picture of it."""
    browser_path = next(path for path in BROWSERS if Path(path).exists())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address, timeout=LIMIT_MS)
        expect(page).to_have_title("facetracker", timeout=LIMIT_MS)
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
