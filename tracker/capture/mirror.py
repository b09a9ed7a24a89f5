"""A source flipped horizontally."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tracker.capture.source import FrameSource
from tracker.types import Frame


class MirroredSource:
    """Delivers the frames of `source`, flipped horizontally."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.name = source.name
        self.is_live = source.is_live
        self.frame_count = source.frame_count

    def open(self) -> str:
        negotiated_mode = self._source.open()
        self.name, self.frame_count = self._source.name, self._source.frame_count
        return f"{negotiated_mode}, mirrored"

    def read(self) -> Frame | None:
        frame = self._source.read()
        return None if frame is None else replace(frame, bgr=np.asarray(cv2.flip(frame.bgr, 1), np.uint8))

    def close(self) -> None:
        self._source.close()
