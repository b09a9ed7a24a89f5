"""Pictures and videos with a face that are made here: the built-in demo face."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tracker.capture.demo.source import DemoSource

Picture = npt.NDArray[np.uint8]


@lru_cache
def face(width: int, height: int) -> Picture:
    """(height, width, 3) BGR with one face."""
    source = DemoSource(width, height, 0)
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    return frame.bgr


def jpeg(picture: Picture) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()


def mjpeg_avi(path: Path, count: int, picture: Picture | None = None) -> Path:
    """A video of `count` equal frames, each a JPEG of its own."""
    picture = face(320, 180) if picture is None else picture
    size = (picture.shape[1], picture.shape[0])
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 30, size)
    for _ in range(count):
        writer.write(picture)
    writer.release()
    return path
