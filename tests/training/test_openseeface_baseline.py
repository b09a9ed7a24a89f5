"""The adapter to an OpenSeeFace checkout, with a stand-in of ours that answers in its documented form."""

import subprocess
import sys
from pathlib import Path

import numpy as np

ADAPTER = Path(__file__).parents[2] / "training" / "baselines" / "openseeface.py"
STAND_IN = """
import numpy as np

class Tracker:
    # Finds the brightest pixel, from the second look at a picture on: the first only finds a box.
    def __init__(self, width, height, model_type=3, max_threads=4, silent=False, discard_after=5, scan_every=3):
        self.shape, self.seen = (height, width), False

    def predict(self, frame):
        assert frame.shape[:2] == self.shape and open("here.txt").read() == "checkout"
        if not frame.any():
            self.seen = False
            return []
        if not self.seen:
            self.seen = True
            return []
        row, column = np.unravel_index(frame.sum(axis=2).argmax(), self.shape)
        face = type("Face", (), {})()
        face.lms = np.tile([float(row), float(column), 0.9], (70, 1))
        face.lms[:, 0] += np.arange(70)
        return [face]
"""


def test_points_are_turned_into_x_and_y_and_pictures_without_a_face_are_nan(tmp_path):
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "tracker.py").write_text(STAND_IN, encoding="utf-8")
    (checkout / "here.txt").write_text("checkout", encoding="utf-8")
    pictures = np.empty(3, object)
    for k, shape in enumerate(((60, 80), (60, 80), (40, 30))):
        pictures[k] = np.zeros((*shape, 3), np.uint8)
    pictures[0][10, 70] = pictures[2][5, 7] = 255
    np.savez(tmp_path / "pictures.npz", pictures=pictures)
    command = [sys.executable, str(ADAPTER), "pictures.npz", "answers.npz", "--checkout", str(checkout)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    points = np.load(tmp_path / "answers.npz")["points"]
    assert points.shape == (3, 68, 2)
    np.testing.assert_array_equal(points[0, [0, 67]], [[70, 10], [70, 77]])
    np.testing.assert_array_equal(points[2, 0], [7, 5])
    assert np.isnan(points[1]).all()
