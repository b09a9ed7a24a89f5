"""The annotated video: every frame with its results drawn onto it."""

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
"""Space for FFmpeg's write buffer and for the index at the end of a long video."""
_FRAMES_WITHOUT_GROWTH = 1000
"""Fewer than this fill FFmpeg's buffer, even if they are blank."""


class VideoSink:
    """Writes an AVI file: lossless (FFV1) if this OpenCV can, else compressed (MJPG) with a warning.

    scale: 1 to 4, the size of each pixel in the video. fps: the playback rate. visualize, pnp_points: what is drawn,
    see `draw_faces`; at least the landmarks.

    The first frame determines the size; frames of another size are fitted into it with black borders. An AVI file gets
    its index when it is closed. Raises SettingsError when `path` cannot be written.

    OpenCV does not report write errors. Therefore the space for a frame is checked before it is written, so that the
    video ends intact when the disk is full, and after closing the number of frames in the file is verified.
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
        # The size is unknown yet, but any size shows whether the codec exists and fits the file type.
        self._codec = self._working_codec()

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Append a frame. Raises FacetrackerError when the file cannot be written."""
        if self._writer is None:
            self._size = (frame.width * self._scale, frame.height * self._scale)
            self._writer = self._open(self._codec, self._size)
            if not self._writer.isOpened():
                raise self._failure(f"this OpenCV cannot write a video of {self._size[0]}x{self._size[1]}")
        image: np.ndarray = frame.bgr.copy()
        draw_faces(image, result, self._visualize, self._pnp_points)
        image = fitted(image, self._size)
        self._check_room(image.nbytes)
        self._writer.write(image)
        self._written += 1

    def close(self) -> None:
        """Finish the file, or remove it if it has no frames. Safe to call twice.

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
        """Raises FacetrackerError when the disk is nearly full or the file has stopped growing."""
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
            raise self._failure("the file has stopped growing")

    def _failure(self, reason: str) -> FacetrackerError:
        self._failed = True
        return FacetrackerError(f"the video {display_name(self._path)} ends after {self._written} frames: {reason}")

    def _check_whole(self) -> None:
        """Raises FacetrackerError when the file holds fewer frames than were written."""
        # Without FFmpeg another part of OpenCV has written it, and reads it.
        backend = cv2.CAP_FFMPEG if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG) else cv2.CAP_ANY
        with opencv_path(self._path) as name:
            reader = cv2.VideoCapture(name, backend)
        held = reader.get(cv2.CAP_PROP_FRAME_COUNT)
        reader.release()
        if not self._written - 1 <= held:
            size = self._path.stat().st_size
            raise FacetrackerError(
                f"the video {display_name(self._path)} is incomplete: only {size} bytes were written; "
                "is the disk full or the file size limited?"
            )

    def _working_codec(self) -> str:
        for codec in (LOSSLESS, COMPRESSED):
            writer = self._open(codec, _PROBE_SIZE)
            works = writer.isOpened()
            writer.release()
            if works:
                if codec != LOSSLESS:
                    logger.warning("this OpenCV cannot write %s; writing the video as %s", LOSSLESS, codec)
                return codec
        self._remove()
        raise SettingsError(
            f"cannot write the video {display_name(self._path)}: this OpenCV does not support the file type; use .avi"
        )

    def _remove(self) -> None:
        if self._path.is_file():  # never a device
            self._path.unlink()

    def _open(self, codec: str, size: tuple[int, int]) -> cv2.VideoWriter:
        with write_errors_as(SettingsError, "the video", self._path), opencv_path(self._path) as name:
            return cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*codec), self._fps, size)


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`image` (H, W, 3) scaled to fit `size` (width, height), centred on black."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, min(round(width * scale), size[0])), max(1, min(round(height * scale), size[1])))
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole[y : y + inner[1], x : x + inner[0]] = cv2.resize(image, inner, interpolation=cv2.INTER_NEAREST)
    return whole
