"""The pictures that benchmarks track: the demo face, drawn beforehand so that drawing costs nothing."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tracker.capture.demo.source import DemoFace
from tracker.types import Frame

FPS = 30.0
WIDTH, HEIGHT = 640, 360
GROUP_WIDTH, GROUP_HEIGHT = 1280, 720
Picture = npt.NDArray[np.uint8]


def demo_pictures(count: int, seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> list[Picture]:
    """`count` successive pictures, (height, width, 3) uint8, of an animation that the seed decides."""
    face = DemoFace(width, height, seed)
    return [face.render(face.state_at(step / FPS))[0] for step in range(count)]


def group_pictures(count: int, faces: int) -> list[Picture]:
    """`count` successive pictures, (720, 1280, 3) uint8, of 2 to 8 people side by side, in two rows from 5 on."""
    rows = 1 if faces <= 4 else 2
    columns = -(-faces // rows)
    width, height = GROUP_WIDTH // columns, GROUP_HEIGHT // 2
    people = [demo_pictures(count, seed, width, height) for seed in range(faces)]
    group = [np.full((GROUP_HEIGHT, GROUP_WIDTH, 3), 96, np.uint8) for _ in range(count)]
    for number, pictures in enumerate(people):
        top, left = height * (number // columns), width * (number % columns)
        for whole, picture in zip(group, pictures, strict=True):
            whole[top : top + height, left : left + width] = picture
    return group


def empty_pictures(count: int) -> list[Picture]:
    """`count` pictures, (360, 640, 3) uint8, of a grey wall seen through a camera's noise."""
    noise = np.random.default_rng(0)
    return [noise.normal(120, 4, (HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(count)]


def as_frame(picture: Picture, index: int) -> Frame:
    """The picture as number `index` of a 30 fps recording."""
    return Frame(index, picture, time.monotonic_ns(), time.time(), index / FPS)


def write_clip(path: Path, count: int) -> None:
    """A video file of the demo face. Raises OSError when OpenCV cannot write it."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write {path}")
    for picture in demo_pictures(count):
        writer.write(picture)
    writer.release()
