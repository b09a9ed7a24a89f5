"""The held-out faces that are read worst, drawn: `python -m training.landmarks.worst_sheet --model 3`.

People's points in green, the network's in red. For looking at: the sheet shows photographs of people and must not be
published.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.crop import crop_around, cut, transform
from training.datasets import runs_folder
from training.landmarks.against_people import People, in_eye_line
from training.landmarks.evaluate import load_reader
from training.landmarks.skin_groups import NAMES
from training.manifest import MODELS_FOLDER

TILE_PX = 240
COLUMNS = 8
GREEN, RED = (0, 220, 0), (0, 0, 255)


def tile(picture: np.ndarray, truth: np.ndarray, found: np.ndarray, label: str) -> np.ndarray:
    """The face (TILE_PX, TILE_PX, 3) with both sets of points (66, 2) px and a line below."""
    box = crop_around(truth, margin=1.4)
    shown = cut(np.ascontiguousarray(picture), box, TILE_PX).copy()
    for points, colour in ((truth, GREEN), (found, RED)):
        for x, y in transform(box.to_crop(TILE_PX), points):
            cv2.circle(shown, (round(float(x)), round(float(y))), 1, colour, -1, cv2.LINE_AA)
    cv2.putText(shown, label, (4, TILE_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--count", type=int, default=40)
    arguments = parser.parse_args()
    people = People.load()
    found, _ = people.read(load_reader(arguments.model, arguments.folder))
    far = 100 * np.linalg.norm(in_eye_line(found, people.points), axis=2)[:, t.INNER_49].mean(axis=1)
    tiles = []
    for k in np.argsort(-far)[: arguments.count]:
        label = f"{far[k]:.1f} % {NAMES[people.skin[k]]} {people.native_px[k]:.0f} px"
        tiles.append(tile(people.pack.pixels[people.rows[k]], people.points[k], found[k], label))
    empty = np.zeros_like(tiles[0])
    tiles += [empty] * (-len(tiles) % COLUMNS)
    file = runs_folder() / "worst.png"
    cv2.imwrite(str(file), np.vstack([np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]))
    print(file)


if __name__ == "__main__":
    main()
