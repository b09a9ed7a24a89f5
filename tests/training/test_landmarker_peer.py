"""MediaPipe's landmarker beside ours, with a stand-in of ours for the Python of its environment."""

import subprocess
import sys

import numpy as np
import pytest

from tests.receiver import ROOT
from tracker.topology import BLENDSHAPE_NAMES
from training.baselines.asking import ask
from training.expression.evaluate import PEER_BORDER_PX, Landmarker

STAND_IN = """#!{python}
import sys
import numpy as np

script, question, answers, option, file = sys.argv[1:]
assert script.endswith("mediapipe_landmarker.py") and option == "--landmarker" and open(file).read() == "landmarker"
pictures = np.load(question, allow_pickle=True)["pictures"]
scores = [[0.5, picture.max() / 255, len(picture)] if picture.any() else [np.nan] * 3 for picture in pictures]
np.savez(answers, names=["_neutral", "jawOpen", "mouthLeft"], scores=np.array(scores, np.float32))
"""


class TwoPictures:
    """One with something in it, one without."""

    def picture(self, i):
        return np.full((20, 30, 3), 255 - 255 * i, np.uint8)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("FACETRACKER_RUNS", str(tmp_path / "runs"))
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with an interpreter line")
def test_scores_come_in_our_order_with_nan_for_what_is_not_there(runs):
    python, file = runs / "python", runs / "face_landmarker.task"
    python.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    file.write_text("landmarker", encoding="utf-8")
    landmarker, rows = Landmarker(str(python), str(file)), np.arange(2)
    scores = landmarker.scores(TwoPictures(), rows)
    jaw, left, tongue = (BLENDSHAPE_NAMES.index(name) for name in ("jawOpen", "mouthLeft", "tongueOut"))
    assert scores.shape == (2, 52)
    assert scores[0, jaw] == 1
    assert scores[0, left] == 20 + 2 * PEER_BORDER_PX  # the detector got room about the face
    assert np.isnan(scores[0, tongue])
    assert np.isnan(scores[1]).all()
    python.unlink()
    np.testing.assert_array_equal(landmarker.scores(TwoPictures(), rows), scores)  # kept


def test_an_environment_without_mediapipe_is_one_line(runs):
    with pytest.raises(SystemExit, match=r"^mediapipe_landmarker.py failed: this Python has no mediapipe==0.10.21"):
        ask(sys.executable, "mediapipe_landmarker.py", [np.zeros((4, 4, 3), np.uint8)], "--landmarker", "any")


def test_a_python_that_is_not_there_is_one_line(runs):
    with pytest.raises(SystemExit, match=r"^nowhere/python cannot be started: No such file or directory$"):
        ask("nowhere/python", "mediapipe_landmarker.py", [np.zeros((4, 4, 3), np.uint8)])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--peer", "python"], "--peer and --landmarker go together"),
        (["--landmarker", "nowhere.task"], "--peer and --landmarker go together"),
        (["--peer", "python", "--landmarker", "nowhere.task"], "there is no file nowhere.task"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_measured(options, told):
    command = [sys.executable, "-m", "training.expression.evaluate", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 2
    assert told in run.stderr
    assert "Traceback" not in run.stderr
