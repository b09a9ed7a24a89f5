"""What a run says about itself while it goes on: status lines, per-frame lines or a progress bar."""

from __future__ import annotations

import logging
import sys
from typing import Any

from tracker.app.stats import Stats, frame_lines
from tracker.types import FrameResult

logger = logging.getLogger(__name__)


class Reporter:
    """Tells the user how tracking goes, to the degree that was asked for.

    verbose_frames: OpenSeeFace's lines for each frame instead of a status line a second.
    with_bar: a progress bar instead, where the number of frames is known.
    """

    def __init__(self, *, verbose_frames: bool = False, with_bar: bool = False, face_id_offset: int = 0) -> None:
        self.stats = Stats()
        self._verbose_frames = verbose_frames
        self._with_bar = with_bar
        self._face_id_offset = face_id_offset
        self._bar: Any = None

    def begin(self, frame_count: int | None) -> None:
        """The first frame came. frame_count: of the whole input, where that is known."""
        if self._with_bar and frame_count is not None and frame_count > 1:
            from tqdm import tqdm

            self._bar = tqdm(total=frame_count, unit=" frames", file=sys.__stderr__, dynamic_ncols=True, leave=False)

    def add(self, result: FrameResult, now_s: float, latency_ms: float | None) -> None:
        """Take one frame; see `Stats.add`."""
        self.stats.add(result, now_s, latency_ms)
        if self._bar is not None:
            self._bar.update()
            return
        if self._verbose_frames:
            for line in frame_lines(result, self._face_id_offset):
                logger.info("%s", line)
        elif status := self.stats.status():
            logger.info("%s", status)

    def close(self) -> None:
        """End the bar and print the summary, if any frame came. Safe to call twice."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self.stats.frames:
            for line in self.stats.summary():
                logger.info("%s", line)
