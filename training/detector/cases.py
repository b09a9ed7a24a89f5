"""Pictures on which detector and tracker are measured: whole scenes, windows without a face, turned, in hard light."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from tracker import topology
from tracker.face.crop import bounds
from training.datasets import VALIDATION, load_faces, load_scenes
from training.detector.data import Floats, free_window
from training.hard_light import CASTS, backlit, coloured, hard_light, overexposed
from training.photometric import Picture, add_noise, motion_blur

FRAME = (360, 640)
"""Height and width of the frames made from scenes and windows."""
RELATIVE_HEIGHTS = (0.08, 0.1, 0.15, 0.25, 0.5, 0.8, 1.0)

Box = tuple[float, float, float, float]
Change = Callable[[Picture, Box, np.random.Generator], Picture]


def main_faces(fold: int) -> Iterator[tuple[str, Picture, Box]]:
    """Source, picture and main face of every scene of `fold` that has one."""
    scenes, _ = load_scenes()
    for i in scenes.indices(fold):
        if np.isfinite(scenes["main_box"][i, 0]):
            x, y, width, height = scenes["main_box"][i].tolist()
            yield str(scenes.source[i]), scenes.pixels[i], (x, y, width, height)


def windows(fold: int, count: int, seed: int = 5) -> Iterator[Picture]:
    """`count` windows of scenes of `fold` without any part of a face, as (H, W, 3) frames of 4:3, 16:9 or square."""
    rng = np.random.default_rng(seed)
    scenes, boxes = load_scenes()
    choice = scenes.indices(fold)
    while count:
        i = int(rng.choice(choice))
        main = scenes["main_box"][i : i + 1].astype(np.float32)
        known = np.concatenate([boxes[i], main[np.isfinite(main[:, 0])]])
        shape = scenes.pixels[i].shape[:2]
        aspect = float(rng.choice([4 / 3, 16 / 9, 1.0]))
        window = free_window((shape[0], shape[1]), known, rng, aspect, smallest=40)
        if window is not None:
            x, y, width, height = window
            yield scenes.pixels[i][y : y + height, x : x + width]
            count -= 1


def in_frame(picture: Picture, box: Box, relative_height: float) -> tuple[Picture, Box]:
    """The scene scaled and shifted into a frame, so that the face has that height and is centred."""
    height, width = FRAME
    scale = relative_height * height / box[3]
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        ratio = (size[0] / picture.shape[1], size[1] / picture.shape[0])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        box = (box[0] * ratio[0], box[1] * ratio[1], box[2] * ratio[0], box[3] * ratio[1])
        scale = 1.0
    dx = width / 2 - (box[0] + box[2] / 2) * scale
    dy = height / 2 - (box[1] + box[3] / 2) * scale
    matrix = np.array([[scale, 0, dx], [0, scale, dy]])
    moved = cv2.warpAffine(picture, matrix, (width, height), borderValue=(90, 90, 90))
    box = (box[0] * scale + dx, box[1] * scale + dy, box[2] * scale, box[3] * scale)
    return moved.astype(np.uint8, copy=False), box


def rolled_faces(degrees: float, every: int = 6) -> Iterator[tuple[Picture, Box, float]]:
    """Fold-1 face crops turned by `degrees`: a frame, the box around the landmarks, and the roll in degrees."""
    faces = load_faces()
    for i in faces.indices(VALIDATION)[::every]:
        points: Floats = faces["lm66"][i]
        height, width = FRAME
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        scale = 0.4 * height / float(np.ptp(points[:, 1]))
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), -degrees, scale)
        matrix[:, 2] += np.array([width, height]) / 2 - centre
        frame = cv2.warpAffine(faces.pixels[i], matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        moved = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        line = moved[topology.LEFT_EYE_OUTER] - moved[topology.RIGHT_EYE_OUTER]
        yield frame.astype(np.uint8, copy=False), bounds(moved), float(np.degrees(np.arctan2(line[1], line[0])))


def other_windows(fold: int, count: int, seed: int = 15) -> Iterator[Picture]:
    """`count` further windows, each turned by 90, 180 or 270 degrees or not, every second mirrored.

    One in four stands in a frame of 640x360, at a quarter of its height up to all of it, before a plain wall; one in
    five is in hard light.
    """
    rng = np.random.default_rng(seed)
    for picture in windows(fold, count, seed):
        turned = np.rot90(picture, int(rng.integers(4)))
        if rng.random() < 0.5:
            turned = turned[:, ::-1]
        picture = np.ascontiguousarray(turned)
        if rng.random() < 0.25:
            picture = on_a_wall(picture, rng)
        yield hard_light(picture, [], rng) if rng.random() < 0.2 else picture


def on_a_wall(picture: Picture, rng: np.random.Generator) -> Picture:
    """`picture` somewhere in a frame of one colour, at a quarter of its height up to all of it."""
    height, width = FRAME
    scale = min(height / picture.shape[0], width / picture.shape[1]) * float(rng.uniform(0.25, 1))
    size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    frame = np.empty((height, width, 3), np.uint8)
    frame[:] = rng.integers(0, 256, 3)
    x, y = int(rng.integers(0, width - size[0] + 1)), int(rng.integers(0, height - size[1] + 1))
    frame[y : y + size[1], x : x + size[0]] = small
    return frame


def in_the_dark(picture: Picture, rng: np.random.Generator, light: float = 0.08) -> Picture:
    """A twelfth of the light, and a sensor's noise of two grey levels."""
    return add_noise((picture * light).astype(np.uint8), 2.0, rng)


def unchanged(picture: Picture, box: Box, rng: np.random.Generator) -> Picture:
    """The picture as it is."""
    return picture


CONDITIONS: dict[str, Change] = {
    "white light": unchanged,
    "grey": lambda picture, box, rng: coloured(picture, (1.0, 1.0, 1.0)),
    **{
        f"{name} light": lambda picture, box, rng, colour=colour: coloured(picture, colour)
        for name, colour in CASTS.items()
    },
    "the dark (1/12 of the light)": lambda picture, box, rng: in_the_dark(picture, rng),
    "the dark (1/5)": lambda picture, box, rng: in_the_dark(picture, rng, 0.2),
    "light from behind (1/4 of it left)": lambda picture, box, rng: backlit(picture, [box], 0.25, 235, rng),
    "glare (2.2 times the light)": lambda picture, box, rng: overexposed(picture, 2.2, 25),
    "motion blur (5 % of the width)": lambda picture, box, rng: motion_blur(picture, 0.05 * picture.shape[1], rng),
}
"""What is done to the pictures of the main faces before they are looked for."""
