"""The annotated video: every frame with what was found drawn onto it."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np

from tracker.errors import FacetrackerError, SettingsError
from tracker.output.files.writable import check_writable
from tracker.output.preview.drawing import POINTS, draw_faces
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

LOSSLESS, COMPRESSED = "FFV1", "MJPG"
_PROBE_SIZE = (64, 64)


class VideoSink:
    """Writes an AVI file, lossless (FFV1) where this OpenCV can, else compressed (MJPG) with one warning.

    scale: 1 to 4, every pixel becomes a square of that many. fps: the rate the file plays at. visualize and
    pnp_points: what is drawn, see `draw_faces`; at least the landmarks.

    The first frame decides the size; later ones of another size, after a camera was re-opened, are fitted to it.
    An AVI file gets its index when it is closed. Raises SettingsError when `path` cannot be written.
    """

    name = "video"

    def __init__(
        self,
        path: Path,
        scale: int = 1,
        fps: float = 24.0,
        visualize: int = POINTS,
        pnp_points: int = 0,
    ) -> None:
        self._path = path
        self._scale = scale
        self._fps = fps
        self._visualize = max(visualize, POINTS)
        self._pnp_points = pnp_points
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        check_writable(path, "the video")
        # The size is not known yet, but whether the codec is there and fits the kind of file can be tried with any.
        self._codec = self._working_codec()

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Append the frame. Raises FacetrackerError when the file cannot be written."""
        if self._writer is None:
            self._size = (frame.width * self._scale, frame.height * self._scale)
            self._writer = self._open(self._codec, self._size)
            if not self._writer.isOpened():
                raise FacetrackerError(f"cannot write the video {self._path} at {self._size[0]}x{self._size[1]}")
        picture: np.ndarray = frame.bgr.copy()
        draw_faces(picture, result, self._visualize, self._pnp_points)
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_NEAREST)
        self._writer.write(picture)

    def close(self) -> None:
        """Finish the file; one without a single frame is removed. Safe to call twice."""
        if self._writer is not None:
            self._writer.release()
        else:
            self._remove()

    def _working_codec(self) -> str:
        for codec in (LOSSLESS, COMPRESSED):
            writer = self._open(codec, _PROBE_SIZE)
            works = writer.isOpened()
            writer.release()
            if works:
                if codec != LOSSLESS:
                    logger.warning("this OpenCV cannot write %s: the video is written as %s", LOSSLESS, codec)
                return codec
        self._remove()
        raise SettingsError(f"cannot write the video {self._path}: this OpenCV knows no such kind of file, use .avi")

    def _remove(self) -> None:
        if self._path.is_file():  # never a device
            self._path.unlink()

    def _open(self, codec: str, size: tuple[int, int]) -> cv2.VideoWriter:
        return cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*codec), self._fps, size)
