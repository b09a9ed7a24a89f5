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


def demo_pictures(count: int, seed: int = 0) -> list[npt.NDArray[np.uint8]]:
    """`count` successive pictures, (360, 640, 3) uint8, of an animation that the seed decides."""
    face = DemoFace(WIDTH, HEIGHT, seed)
    return [face.render(face.state_at(step / FPS))[0] for step in range(count)]


def as_frame(picture: npt.NDArray[np.uint8], index: int) -> Frame:
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
