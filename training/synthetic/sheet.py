"""A contact sheet of renders with their truth drawn on them, for looking at.

python -m training.synthetic.sheet NAME [--count 24] [--first 0] [--plain] --out sheet.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tracker.topology import BLENDSHAPE_NAMES, N_LANDMARKS
from training.synthetic.shards import RenderSet

BLUE, RED, GREEN, YELLOW, GREY = (255, 120, 0), (0, 0, 255), (0, 200, 0), (0, 230, 255), (140, 140, 140)


def drawn(renders: RenderSet, i: int, scale: int = 2, plain: bool = False) -> npt.NDArray[np.uint8]:
    """Picture `i`, enlarged: landmarks red, dense points blue, hidden ones grey, gaze yellow, and the names of its
    strongest coefficients."""
    picture = renders.picture(i)
    picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    if plain:
        return np.asarray(picture, np.uint8)
    for k, (point, visible) in enumerate(zip(renders["points"][i], renders["visible"][i], strict=True)):
        colour = (RED if k < N_LANDMARKS else BLUE) if visible else GREY
        cv2.circle(picture, _pixel(point, scale), 1, colour, -1, cv2.LINE_AA)
    turn = renders["rotation"][i]
    for pupil, (yaw, pitch) in zip(renders["pupils"][i], np.radians(renders["gaze_deg"][i]), strict=True):
        # model frame to camera frame
        seen = turn @ np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])
        cv2.arrowedLine(picture, _pixel(pupil, scale), _pixel(pupil + 22 * seen[:2], scale), YELLOW, 1, cv2.LINE_AA)
    coefficients = renders["coefficients"][i].astype(float)
    strongest = [k for k in np.argsort(-coefficients)[:9] if coefficients[k] > 0.08]
    lines = [f"{BLENDSHAPE_NAMES[k]} {coefficients[k]:.2f}" for k in strongest]
    lines.append("open " + " ".join(f"{value:.2f}" for value in renders["openness"][i]))
    for row, line in enumerate(lines):
        at = (4, 13 + 13 * row)
        cv2.putText(picture, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.putText(picture, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, GREEN, 1, cv2.LINE_AA)
    return np.asarray(picture, np.uint8)


def _pixel(point: npt.NDArray[np.floating], scale: int) -> tuple[int, int]:
    return int((point[0] + 0.5) * scale), int((point[1] + 0.5) * scale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", help="the set's name, as given to training.synthetic.render")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--scale", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="without the truth")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    renders = RenderSet([options.name])
    shown = range(options.first, min(len(renders), options.first + options.count))
    tiles = [drawn(renders, i, options.scale, options.plain) for i in shown]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % options.columns)
    rows = [np.hstack(tiles[k : k + options.columns]) for k in range(0, len(tiles), options.columns)]
    cv2.imwrite(str(options.out), np.vstack(rows))


if __name__ == "__main__":
    main()
