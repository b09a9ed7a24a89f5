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
