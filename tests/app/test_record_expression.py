"""Recording an expression from the command line, with the real program on its demo face."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.receiver import ROOT

LIMIT_S = 120.0


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "facetracker.py"), "-c", "demo", "--profile", "Anna", *arguments]
    homes = {"XDG_DATA_HOME": str(folder), "HOME": str(folder), "LOCALAPPDATA": str(folder)}
    environment = {**os.environ, **homes, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment, timeout=LIMIT_S, cwd=ROOT
    )


def test_a_name_of_any_script_is_recorded_kept_with_the_profile_and_the_program_ends(tmp_path: Path) -> None:
    ended = run(tmp_path, "--record-expression", "笑顔", "--seconds", "1")
    assert ended.returncode == 0, ended.stderr
    assert "recorded '笑顔'" in ended.stdout + ended.stderr
    (path,) = tmp_path.rglob("expressions/Anna.json")
    (kept,) = json.loads(path.read_text("utf-8"))["expressions"]
    assert kept["name"] == "笑顔"


def test_nothing_recorded_is_an_error_in_one_line(tmp_path: Path) -> None:
    ended = run(tmp_path, "--record-expression", "joy", "--frames", "2", "--silent", "1")
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert "nothing was recorded of 'joy'" in line


@pytest.mark.parametrize("name", ["", "a\tb"])
def test_a_name_that_cannot_be_is_refused_before_anything_starts(name: str, tmp_path: Path) -> None:
    ended = run(tmp_path, "--record-expression", name)
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
