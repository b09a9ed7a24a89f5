"""The development clips: frames, and the annotator's scores of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from training import datasets


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """scores: (frames, 52) in the order of `tracker.topology.BLENDSHAPE_NAMES`, NaN where no face was found."""

    name: str
    scores: np.ndarray

    @property
    def fps(self) -> float:
        """Frames a second."""
        capture = cv2.VideoCapture(self._file())
        try:
            return float(capture.get(cv2.CAP_PROP_FPS))
        finally:
            capture.release()

    def _file(self) -> str:
        return str(datasets.data_folder() / "clips" / f"{self.name}.mp4")

    def frames(self) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 BGR, one after another."""
        capture = cv2.VideoCapture(self._file())
        try:
            for _ in range(len(self.scores)):
                good, picture = capture.read()
                if not good:
                    return
                yield picture
        finally:
            capture.release()


def load_clips() -> list[Clip]:
    with np.load(datasets.data_folder() / "clips" / "scores.npz") as stored:
        names = [str(name) for name in stored["names"]]
        return [
            Clip(key, datasets.ordered_scores(stored[key], names))
            for key in stored.files
            if key != "names" and not key.endswith("_pose")
        ]
