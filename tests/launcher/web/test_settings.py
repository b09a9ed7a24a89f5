"""Settings are what the user made them: nothing of them is lost on the way to the tracker, or told wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.programs import until
from tests.launcher.scripted_tracker import ScriptedTracker, scripted_tracker
from tests.launcher.window_client import Visit, open_window

DRAWS_3D = False
IS_STEERABLE = "() => !document.getElementById('mouth').disabled"


@dataclass(frozen=True)
class Scripted:
    """A visit to a window with a scripted tracker. profiles: where the window keeps them."""

    here: Visit
    tracker: ScriptedTracker
    profiles: Path

    def start(self) -> None:
        """Start the demo face, and wait until it can be steered."""
        self.here.page.select_option("#source", "demo")
        self.here.page.click("#start")
        self.here.until(IS_STEERABLE)


@pytest.fixture
def scripted(browser: Any, tmp_path: Path) -> Iterator[Scripted]:
    tracker = scripted_tracker(tmp_path / "tracker")
    tracker.find([])
    with open_window(tmp_path, program=tracker.program) as window:
        here = Visit(browser, window.address)
        yield Scripted(here, tracker, tmp_path / "config" / "facetracker" / "launcher")
        assert here.errors == []
        here.context.close()


def test_a_muted_mouth_is_unmuted_by_the_same_button_and_key(scripted: Scripted) -> None:
    here = scripted.here
    scripted.start()
    muted = "(on) => window.facetracker.server.mouth_muted === on"
    here.page.click("#mouth")
    here.until(muted, True)
    assert here.page.get_attribute("#mouth", "aria-pressed") == "true"
    here.page.click("#mouth")
    here.until(muted, False)
    here.look("() => document.activeElement.blur()")
    here.page.keyboard.press("k")
    here.until(muted, True)
    here.page.keyboard.press("k")
    here.until(muted, False)
    said = [name for name in scripted.tracker.commands if "mouth" in name]
    assert said == ["mute_mouth", "unmute_mouth"] * 2


def test_a_changed_sensitivity_is_started_with_and_saved(scripted: Scripted) -> None:
    here = scripted.here
    scripted.start()
    here.tab("face")
    here.page.select_option("#sensitivity-preset", "blink")
    until(lambda: "sensitivity" in scripted.tracker.commands)
    here.tab("setup")
    here.page.click("#start")  # now "Restart"
    until(lambda: len(scripted.tracker.starts) == 2)
    (given,) = (word for word in scripted.tracker.starts[-1] if word.startswith("--sensitivity="))
    sensitivity = given.partition("=")[2]
    assert json.loads(sensitivity)["eyeBlinkLeft"] == json.loads(sensitivity)["eyeBlinkRight"]
    here.page.fill("#profile-name", "On stage")
    here.page.click("#profile-form button")
    here.until("() => [...document.getElementById('profiles').options].some(each => each.value === 'On stage')")
    for name in ("Last used", "On stage"):
        kept = json.loads((scripted.profiles / f"{name}.json").read_text(encoding="utf-8"))
        assert kept["options"]["sensitivity"] == sensitivity


IS_EDITED = "() => window.facetracker.form.isEdited"
ERROR_CAME = "(text) => [...document.querySelectorAll('.notice')].some(each => each.textContent.includes(text))"


def test_a_refused_start_keeps_the_edits(scripted: Scripted) -> None:
    here = scripted.here
    here.page.select_option("#source", "demo")
    here.page.fill("#fps", "21")
    here.page.fill("#receivers input[type=number]", "")
    here.page.click("#start")
    here.until(ERROR_CAME, "needs a port")
    assert here.look(IS_EDITED) is True
    here.page.reload()
    here.ready()
    assert here.page.input_value("#fps") == "21"
    here.page.fill("#receivers input[type=number]", "11573")
    scripted.start()
    assert here.look(IS_EDITED) is False


def test_an_edit_made_while_a_start_is_under_way_stays_an_edit(scripted: Scripted) -> None:
    here = scripted.here
    here.page.select_option("#source", "demo")
    here.page.fill("#fps", "21")
    here.look(
        "() => { document.getElementById('start').click(); const field = document.getElementById('fps');"
        " field.value = '22'; field.dispatchEvent(new Event('input', { bubbles: true })) }"
    )
    here.until(IS_STEERABLE)
    assert here.look(IS_EDITED) is True
    assert here.page.inner_text("#changed-text").endswith("frames per second.")


def test_a_profile_that_cannot_be_loaded_keeps_the_edits(scripted: Scripted) -> None:
    here = scripted.here
    here.page.fill("#profile-name", "Gone")
    here.page.click("#profile-form button")
    here.until("() => document.getElementById('profiles').value === 'Gone'")
    (scripted.profiles / "Gone.json").unlink()
    here.page.fill("#fps", "21")
    here.page.click("#profile-load")
    here.page.click("#ask-yes")
    here.until(ERROR_CAME, "Gone")
    here.page.reload()
    here.ready()
    assert here.page.input_value("#fps") == "21"
    assert here.look(IS_EDITED) is True


@pytest.mark.parametrize("typed", ["~/x.mp4", '"/videos/a face.mp4"'])
def test_a_path_is_shown_as_it_is_used(scripted: Scripted, typed: str) -> None:
    here = scripted.here
    here.page.select_option("#source", label="Video or picture file …")
    here.page.fill("#file", typed)
    here.page.click("#start")
    here.until(IS_STEERABLE)
    used = here.look("() => window.facetracker.server.running.camera")
    assert Path(used) == Path(typed.strip('"')).expanduser()
    assert here.page.input_value("#file") == used
    assert here.page.is_hidden("#changed")


def test_a_camera_started_by_number_is_the_one_in_the_list(browser: Any, tmp_path: Path) -> None:
    tracker = scripted_tracker(tmp_path / "tracker")
    with open_window(tmp_path, program=tracker.program) as window:
        here = Visit(browser, window.address)
        here.page.click("#start")
        here.until(IS_STEERABLE)
        camera = {"index": 0, "name": "Cam", "backend": "V4L2", "path": "/dev/video0", "stable_id": "usb-cam"}
        tracker.find([{**camera, "modes": []}])
        here.until("() => document.getElementById('source').value === 'usb-cam'")
        assert here.look("() => window.facetracker.server.running.camera") == "0"
        assert here.page.is_hidden("#changed")
        here.context.close()
