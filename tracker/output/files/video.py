"""The annotated video: every frame with what was found drawn onto it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import cv2
import numpy as np

from tracker.errors import FacetrackerError, SettingsError
from tracker.opencv_path import display_name, opencv_path
from tracker.output.files.writable import check_writable, write_errors_as
from tracker.output.preview.drawing import POINTS, draw_faces
from tracker.types import Frame, FrameResult

logger = logging.getLogger(__name__)

LOSSLESS, COMPRESSED = "FFV1", "MJPG"
_PROBE_SIZE = (64, 64)
_BUFFER_BYTES = 512 << 10
"""What FFmpeg holds back before it writes, and the index of a long video at its end."""
_FRAMES_WITHOUT_GROWTH = 1000
"""Even plain frames fill FFmpeg's buffer in fewer."""


class VideoSink:
    """Writes an AVI file, lossless (FFV1) where this OpenCV can, else compressed (MJPG) with one warning.

    scale: 1 to 4, every pixel becomes a square of that many. fps: the rate the file plays at. visualize and
    pnp_points: what is drawn, see `draw_faces`; at least the landmarks.

    The first frame decides the size; later ones of another size are fitted into it, their shape kept, on black.
    An AVI file gets its index when it is closed. Raises SettingsError when `path` cannot be written.

    OpenCV does not tell when writing fails. So there must be room for a frame before it is written, else the video
    ends there, whole; and a video that is closed must hold the frames it was given.
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
        self._written = 0
        self._grown_to = 0
        self._grown_at = 0
        self._failed = False
        check_writable(path, "the video")
        # The size is not known yet, but whether the codec is there and fits the kind of file can be tried with any.
        self._codec = self._working_codec()

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Append the frame. Raises FacetrackerError when the file cannot be written."""
        if self._writer is None:
            self._size = (frame.width * self._scale, frame.height * self._scale)
            self._writer = self._open(self._codec, self._size)
            if not self._writer.isOpened():
                raise self._failure(f"no video of {self._size[0]}x{self._size[1]} can be written")
        picture: np.ndarray = frame.bgr.copy()
        draw_faces(picture, result, self._visualize, self._pnp_points)
        picture = fitted(picture, self._size)
        self._check_room(picture.nbytes)
        self._writer.write(picture)
        self._written += 1

    def close(self) -> None:
        """Finish the file; one without a single frame is removed. Safe to call twice.

        Raises FacetrackerError when frames are missing in it.
        """
        if self._writer is not None:
            if self._writer.isOpened():
                self._writer.release()
                if not self._failed:
                    self._check_whole()
        else:
            self._remove()

    def _check_room(self, frame_bytes: int) -> None:
        """Raises FacetrackerError when the disk is as good as full, or the file does not grow any more."""
        try:
            free = shutil.disk_usage(self._path.parent).free
            size = self._path.stat().st_size
        except OSError as error:
            raise self._failure(error.strerror or str(error)) from error
        if size != self._grown_to:
            self._grown_to, self._grown_at = size, self._written
        if free < _BUFFER_BYTES + 2 * frame_bytes:
            raise self._failure("the disk is full")
        if self._written - self._grown_at > _FRAMES_WITHOUT_GROWTH:
            raise self._failure("the file does not grow any more")

    def _failure(self, reason: str) -> FacetrackerError:
        self._failed = True
        return FacetrackerError(f"the video {display_name(self._path)} ends after {self._written} frames: {reason}")

    def _check_whole(self) -> None:
        """Raises FacetrackerError when the file holds fewer frames than were written."""
        with opencv_path(self._path) as name:
            reader = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        held = reader.get(cv2.CAP_PROP_FRAME_COUNT)
        reader.release()
        if not self._written - 1 <= held:
            size = self._path.stat().st_size
            raise FacetrackerError(
                f"the video {display_name(self._path)} is not complete: the system took {size} bytes of it; "
                "is the disk full, or the size of files limited?"
            )

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
        raise SettingsError(
            f"cannot write the video {display_name(self._path)}: this OpenCV knows no such kind of file, use .avi"
        )

    def _remove(self) -> None:
        if self._path.is_file():  # never a device
            self._path.unlink()

    def _open(self, codec: str, size: tuple[int, int]) -> cv2.VideoWriter:
        with write_errors_as(SettingsError, "the video", self._path), opencv_path(self._path) as name:
            return cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*codec), self._fps, size)


def fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`picture` (H, W, 3) as large as fits into `size` (width, height), in its middle, black around."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, min(round(width * scale), size[0])), max(1, min(round(height * scale), size[1])))
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole[y : y + inner[1], x : x + inner[0]] = cv2.resize(picture, inner, interpolation=cv2.INTER_NEAREST)
    return whole
