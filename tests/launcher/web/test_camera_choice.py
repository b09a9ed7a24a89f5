"""Which camera the first steps choose for a user who has chosen none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.launcher.scripted_tracker import scripted_tracker
from tests.launcher.window_client import Visit, open_window

DRAWS_3D = False
CAMERA = {"index": 0, "name": "Cam", "backend": "V4L2", "path": "/dev/video0", "stable_id": "usb-cam", "modes": []}


@pytest.mark.parametrize(
    ("cameras", "does", "source"),
    [
        ([CAMERA], "wait", "usb-cam"),
        ([{**CAMERA, "index": 1}], "wait", "usb-cam"),
        ([], "wait", "demo"),
        ([CAMERA], "choose", "demo"),
        ([], "skip", "demo"),
    ],
)
def test_a_camera_is_chosen_once_they_were_looked_for(
    browser: Any, tmp_path: Path, cameras: list[dict[str, Any]], does: str, source: str
) -> None:
    tracker = scripted_tracker(tmp_path / "tracker")
    with open_window(tmp_path, program=tracker.program) as window:
        here = Visit(browser, window.address)
        here.page.reload()  # the first steps come again
        here.until("() => window.facetracker?.isOpen && document.getElementById('model')")
        assert here.page.is_visible("#welcome")
        assert here.look("() => window.facetracker.form.cameras") == {"cameras": [], "searching": True, "found": False}
        assert here.page.is_disabled("#welcome-next")
        assert here.page.locator("[name=welcome-camera]:checked").count() == 0
        assert here.look("() => window.facetracker.form.isEdited") is False
        if does == "choose":
            here.page.check("[name=welcome-camera][value=demo]", force=True)
            assert here.page.is_enabled("#welcome-next")
        elif does == "skip":
            here.page.click("#welcome-skip")
        tracker.find(cameras)
        here.until("() => window.facetracker.form.cameras.found")
        assert here.page.input_value("#source") == source
        if does != "skip":
            assert here.page.input_value("[name=welcome-camera]:checked") == source
            assert here.page.is_enabled("#welcome-next")
        assert here.errors == []
        here.context.close()
