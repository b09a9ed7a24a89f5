import importlib.util
import json
from pathlib import Path

import pytest

from training.pipeline import STEPS, Progress, Step, run


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that notes its arguments in calls.txt and fails while a file `broken` is there."""
    (tmp_path / "a_step.py").write_text(
        "import pathlib, sys\n"
        "with open('calls.txt', 'a') as calls:\n"
        "    print(*sys.argv[1:], file=calls)\n"
        "sys.exit(3 if pathlib.Path('broken').exists() else 0)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    return "a_step"


def calls():
    return Path("calls.txt").read_text(encoding="utf-8").splitlines()


def test_steps_run_in_order_and_only_once(module, tmp_path):
    steps = [Step("first", module, ("1",)), Step("second", module, ("2",), steps=10)]
    file = tmp_path / "pipeline.json"
    assert run(steps, Progress(file), 0.5, dry=False) == 0
    assert calls() == ["1", "2 --steps 5"]
    assert run(steps, Progress(file), 0.5, dry=False) == 0
    assert len(calls()) == 2


def test_pictures_to_be_made_scale_with_the_training(module, tmp_path):
    step = Step("made", module, ("1",), count=300)
    assert run([step], Progress(tmp_path / "pipeline.json"), 0.01, dry=False) == 0
    assert calls() == ["1 --count 3"]


def test_a_training_that_failed_is_resumed(module, tmp_path):
    steps = [Step("first", module, ("1",)), Step("second", module, ("2",), steps=10), Step("third", module)]
    file = tmp_path / "pipeline.json"
    run(steps[:1], Progress(file), 1, dry=False)
    (tmp_path / "broken").touch()
    assert run(steps, Progress(file), 1, dry=False) == 3
    assert json.loads(file.read_text(encoding="utf-8")) == {"first": "done", "second": "begun"}
    (tmp_path / "broken").unlink()
    assert run(steps, Progress(file), 1, dry=False) == 0
    assert calls() == ["1", "2 --steps 10", "2 --steps 10 --resume", ""]


def test_a_dry_run_changes_nothing(module, tmp_path, capsys):
    file = tmp_path / "pipeline.json"
    assert run([Step("first", module, ("a b",))], Progress(file), 1, dry=True) == 0
    assert not file.exists() and not (tmp_path / "calls.txt").exists()
    assert f"-m {module} 'a b'" in capsys.readouterr().out


def test_every_step_is_there():
    assert [step.module for step in STEPS if importlib.util.find_spec(step.module) is None] == []
    assert len({step.name for step in STEPS}) == len(STEPS)
