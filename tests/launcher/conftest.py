"""A browser, a window, and visits to it. What they need is said where it is missing, and the test skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.launcher.window_client import CHROMIUM, CHROMIUM_ARGUMENTS, Visit, Window, open_window


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The system's Chromium. Pictures are drawn in software, so that no graphics card is needed.

    A module whose DRAWS_3D is False gets one that cannot draw in 3D, which costs a busy machine much less.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need 'pip install playwright'")
    if CHROMIUM is None:
        pytest.skip("the browser tests need Chromium: 'apt-get install chromium'")
    draws = getattr(request.module, "DRAWS_3D", True)
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS if draws else [*CHROMIUM_ARGUMENTS, "--disable-3d-apis"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One window for all tests of a file."""
    with open_window(tmp_path_factory.mktemp("window")) as opened:
        yield opened


@pytest.fixture
def visit(browser: Any, window: Window) -> Iterator[Callable[..., Visit]]:
    """Goes to the window, as often as it is called; afterwards the tracker is stopped."""
    visits: list[Visit] = []

    def go(**settings: Any) -> Visit:
        visits.append(Visit(browser, window.address, **settings))
        return visits[-1]

    yield go
    for each in visits:
        each.look("() => document.getElementById('stop').disabled || document.getElementById('stop').click()")
        each.until("() => !window.facetracker.server.running")
        each.look("() => window.facetracker.avatar && window.facetracker.view.remove()")
        each.until("() => window.facetracker.avatar === null")
        each.context.close()
