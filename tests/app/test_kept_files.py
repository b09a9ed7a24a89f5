"""Profiles and the dumped head."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.app.profile import load_profile, profile_path, save_profile
from tracker.output.files.head_dump import dump_points, symmetric
from tracker.topology import MIRROR_70


class Learner:
    """Learns a dictionary."""

    def __init__(self, learned: dict[str, Any] | None = None) -> None:
        self.learned = learned or {}

    def export_profile(self) -> dict[str, Any]:
        return self.learned

    def import_profile(self, profile: dict[str, Any]) -> None:
        if "features" not in profile:
            raise ValueError("the profile lacks 'features'")
        self.learned = profile


def test_a_profile_survives_a_run(tmp_path: Path) -> None:
    path = tmp_path / "profiles" / "me.json"
    save_profile(Learner({"features": [0.1, 0.2]}), path)
    learner = Learner()
    load_profile(learner, path)
    assert learner.learned == {"features": [0.1, 0.2]}
    assert [file.name for file in path.parent.iterdir()] == ["me.json"], "nothing unfinished is left"


def test_the_first_run_has_no_profile_and_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learner = Learner({"features": 1})
    load_profile(learner, tmp_path / "none.json")
    assert learner.learned == {"features": 1}
    assert not caplog.records


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\udcff"])
def test_a_damaged_profile_costs_one_warning(text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "me.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    learner = Learner()
    with caplog.at_level(logging.WARNING, "tracker"):
        load_profile(learner, path)
    assert learner.learned == {}
    assert len(caplog.records) == 1
    assert "is damaged" in caplog.records[0].getMessage()


def test_a_profile_that_cannot_be_used_is_kept_beside_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "me.json"
    for damage in ("{", '{"of": "another release"}'):
        path.write_text(damage)
        load_profile(Learner(), path)
        save_profile(Learner({"features": 1}), path)
    assert (tmp_path / "me.json.damaged").read_text() == "{"
    assert (tmp_path / "me.json.damaged-2").read_text() == '{"of": "another release"}'
    assert "keeping it as me.json.damaged-2" in caplog.records[-1].getMessage()
    learner = Learner()
    load_profile(learner, path)
    assert learner.learned == {"features": 1}


def test_a_profile_that_cannot_be_written_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "profiles").write_text("a file in the way")
    with caplog.at_level(logging.WARNING, "tracker"):
        save_profile(Learner(), tmp_path / "profiles" / "me.json")
    assert "cannot write the profile" in caplog.text


def test_profiles_lie_in_the_users_data_folder() -> None:
    assert profile_path("me").parts[-3:] == ("facetracker", "profiles", "me.json")


def test_mirroring_the_70_points_twice_changes_nothing() -> None:
    assert (MIRROR_70[MIRROR_70] == np.arange(70)).all()


def test_the_dumped_head_is_symmetric_and_reads_back(tmp_path: Path) -> None:
    points = np.random.default_rng(3).normal(size=(70, 3))
    dump_points(points, tmp_path / "head.txt")
    read = eval((tmp_path / "head.txt").read_text(), {"array": np.array})
    np.testing.assert_allclose(read, symmetric(points), atol=1e-12)
    np.testing.assert_allclose(read[MIRROR_70] * [-1, 1, 1], read, atol=1e-12)
    assert read[66][0] == -read[67][0], "the pupils change places"
