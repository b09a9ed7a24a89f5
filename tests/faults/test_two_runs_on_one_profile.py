"""Launchers that save one profile at the same time: each reader sees a whole one, and nothing is left behind."""

from __future__ import annotations

import threading
from pathlib import Path

from launcher.options import TrackerOptions
from launcher.profiles import Profile, load_profile, save_profile

SAVES = 40


def test_one_profile_is_whole_however_many_save_it(tmp_path: Path) -> None:
    save_profile(Profile("a", TrackerOptions("0")), tmp_path)
    errors: list[BaseException] = []

    def save(camera: str) -> None:
        try:
            for number in range(SAVES):
                save_profile(Profile("a", TrackerOptions(camera * (1 + 50 * (number % 2)))), tmp_path)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=save, args=(camera,)) for camera in "123"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert set(load_profile("a", tmp_path).options.camera) <= set("0123")
        assert len(set(load_profile("a", tmp_path).options.camera)) == 1
    assert errors == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
