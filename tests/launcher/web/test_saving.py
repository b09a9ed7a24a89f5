"""Profiles that a page saves, by the launcher's own rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.options import TrackerOptions
from launcher.profiles import Profile, load_profile, profile_names, save_profile
from launcher.web.form import to_form
from tests.launcher.window_client import TOKEN, open_window

client = pytest.importorskip("websockets.sync.client", reason="the window needs the extra 'launcher'")
LIMIT_S = 60.0


def test_a_name_in_other_letters_replaces_nothing_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "facetracker" / "launcher"
    before = Profile("Stream", TrackerOptions("demo"))
    save_profile(before, folder)
    with open_window(tmp_path) as window, client.connect(f"ws{window.origin[4:]}/page", origin=window.origin) as page:

        def ask(**message: object) -> None:
            page.send(json.dumps(message))

        def told(kind: str, has: str) -> dict[str, object]:
            while True:
                data = page.recv(timeout=LIMIT_S)
                message: dict[str, object] = json.loads(data) if isinstance(data, str) else {}
                if message.get("type") == kind and has in str(message["text"]):
                    return message

        ask(do="enter", key=TOKEN)
        ask(do="save", name="STREAM", settings=to_form(TrackerOptions("demo", fps=30)))
        question = told("confirm", "Replace the profile “Stream”?")
        assert load_profile("Stream", folder) == before
        assert isinstance(question["request"], dict)
        ask(**question["request"])
        told("notice", "Saved")
    assert profile_names(folder) == ("Stream",)
    assert load_profile("Stream", folder).options.values["fps"] == 30
