"""Frames of the development clips with their strongest coefficients drawn: `python -m training.expression.clip_sheet`.

For looking at: of each clip the frames in which most is told, far enough from each other. The sheet shows photographs
of people and must not be published.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tracker.face.crop import crop_around, cut
from tracker.topology import BLENDSHAPE_NAMES
from training.datasets import runs_folder
from training.expression.clips import Clip, load_clips
from training.expression.evaluate import network_alone
from training.expression.metrics import GAZE
from training.expression.reader import NetworkReader
from training.manifest import MODELS_FOLDER

TILE_PX = 300
APART = 12
"""Frames between two that are shown."""
SHOWN = 7


def strongest(answers: np.ndarray, count: int) -> list[int]:
    """Frames of (frames, 52) in which the coefficients differ most from the clip's own median."""
    odd = np.nansum(np.abs(answers - np.nanmedian(answers, axis=0))[:, ~GAZE], axis=1)
    chosen: list[int] = []
    for frame in np.argsort(-odd):
        if all(abs(frame - other) >= APART for other in chosen):
            chosen.append(int(frame))
        if len(chosen) == count:
            break
    return sorted(chosen)


def tile(picture: np.ndarray, answer: np.ndarray, reader: NetworkReader, rough: np.ndarray, label: str) -> np.ndarray:
    """The face with its points and its strongest coefficients."""
    reading = reader.settle(picture, rough)
    box = crop_around(reading.xy, margin=1.6)
    shown = cut(np.ascontiguousarray(picture), box, TILE_PX).copy()
    matrix = box.to_crop(TILE_PX)
    for x, y in reading.xy @ matrix[:, :2].T + matrix[:, 2]:
        cv2.circle(shown, (int(x), int(y)), 1, (0, 255, 0), -1)
    lines = [label] + [f"{BLENDSHAPE_NAMES[j]} {answer[j]:.2f}" for j in np.argsort(-answer)[:SHOWN]]
    for k, line in enumerate(lines):
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(shown, line, (4, 14 + 14 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, width, cv2.LINE_AA)
    return shown


def tiles_of(clip: Clip, reader: NetworkReader, count: int) -> list[np.ndarray]:
    answers, points = network_alone(reader, clip)
    chosen = strongest(answers, count)
    return [
        tile(picture, answers[k], reader, points[k], f"{clip.name} {k}")
        for k, picture in enumerate(clip.frames())
        if k in chosen
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--each", type=int, default=4, help="frames of each clip")
    arguments = parser.parse_args()
    reader = NetworkReader(arguments.model, arguments.folder)
    rows = [np.hstack(tiles_of(clip, reader, arguments.each)) for clip in load_clips()]
    file = runs_folder() / "clips.png"
    cv2.imwrite(str(file), np.vstack(rows))
    print(file)


if __name__ == "__main__":
    main()
