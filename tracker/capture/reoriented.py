"""A source whose pictures are turned by quarter turns, or flipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from tracker.capture.source import FrameSource
from tracker.types import Frame

Picture = npt.NDArray[np.uint8]

QUARTER_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class ReorientedSource:
    """Delivers the frames of `source`, each picture as `change` makes it; `what` says so behind the mode."""

    def __init__(self, source: FrameSource, change: Callable[[Picture], Picture], what: str) -> None:
        self._source, self._change, self._what = source, change, what
        self.name = source.name
        self.is_live = source.is_live
        self.frame_count = source.frame_count

    def open(self) -> str:
        negotiated_mode = self._source.open()
        self.name, self.frame_count = self._source.name, self._source.frame_count
        return f"{negotiated_mode}, {self._what}"

    def read(self) -> Frame | None:
        frame = self._source.read()
        return None if frame is None else replace(frame, bgr=self._change(frame.bgr))

    def close(self) -> None:
        self._source.close()


def mirrored(source: FrameSource) -> ReorientedSource:
    """`source`, flipped horizontally."""
    return ReorientedSource(source, lambda bgr: np.asarray(cv2.flip(bgr, 1), np.uint8), "mirrored")


def turned(source: FrameSource, degrees: int) -> ReorientedSource:
    """`source`, for cameras mounted on their side or upside down, turned clockwise by `degrees`: 90, 180 or 270."""
    code = QUARTER_TURNS[degrees]
    return ReorientedSource(
        source, lambda bgr: np.asarray(cv2.rotate(bgr, code), np.uint8), f"turned by {degrees} degrees"
    )
