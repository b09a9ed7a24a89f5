"""The three first steps: a camera, where the face goes, and ten seconds to get to know it."""

from __future__ import annotations

from collections.abc import Callable

from tests.launcher.window_client import Visit


def test_the_first_steps_end_on_a_stage_that_waits_for_nothing(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.click("#welcome-again")
    here.page.check("[name=welcome-camera][value=demo]", force=True)
    here.page.click("#welcome-next")
    here.page.check("[name=welcome-place][value=OBS]", force=True)
    here.page.click("#welcome-next")
    here.until("() => window.facetracker.frames > 3")
    assert here.look("() => window.facetracker.server.running.receivers") == []
    assert here.page.is_hidden("#changed")  # what was chosen is what runs
    assert here.page.is_hidden("#welcome-skip")
    here.look("() => document.getElementById('welcome-next').click()")  # a drawn face leaves a mouse little time
    assert here.page.is_hidden("#welcome")
    assert here.errors == []
