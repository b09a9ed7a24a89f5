"""A source turned by quarter turns, for cameras that are mounted on their side or upside down."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tracker.capture.source import FrameSource
from tracker.types import Frame

QUARTER_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class TurnedSource:
    """Delivers the frames of `source`, turned clockwise by `degrees`: 90, 180 or 270."""

    def __init__(self, source: FrameSource, degrees: int) -> None:
        self._source, self._degrees = source, degrees
        self.name = source.name
        self.is_live = source.is_live
        self.frame_count = source.frame_count

    def open(self) -> str:
        negotiated_mode = self._source.open()
        self.name, self.frame_count = self._source.name, self._source.frame_count
        return f"{negotiated_mode}, turned by {self._degrees} degrees"

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is None:
            return None
        return replace(frame, bgr=np.asarray(cv2.rotate(frame.bgr, QUARTER_TURNS[self._degrees]), np.uint8))

    def close(self) -> None:
        self._source.close()
