"""Animated pictures: WebP, APNG and AVIF, which OpenCV's FFmpeg takes for a single picture or not at all."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from tracker.capture.clock import FrameClock
from tracker.capture.opencv import Image
from tracker.errors import CaptureError
from tracker.opencv_path import display_name
from tracker.types import Frame

logger = logging.getLogger(__name__)

SHORTEST_S, USUAL_S = 0.011, 0.1
"""As browsers do: who asks for frames of 10 ms or less gets 10 a second."""


class AnimationSource:
    """The frames of the animation in `path`, in order, once or for ever; transparent parts are black."""

    is_live = False

    def __init__(self, path: Path, frame_clock: FrameClock, *, repeat: bool = False) -> None:
        self.name = display_name(path)
        self.frame_count: int | None = None
        self._path = path
        self._frame_clock = frame_clock
        self._repeat = repeat
        self._animation: Any = None
        self._count = 0
        self._next = 0
        self._media_s = 0.0

    def open(self) -> str:
        import PIL.Image

        self.close()
        try:
            self._animation = PIL.Image.open(self._path)
            self._count = int(getattr(self._animation, "n_frames", 1))
        except Exception as error:  # Pillow's decoders raise whatever a damaged file leads them to
            self.close()
            raise CaptureError(f"{self.name} is damaged or not a picture of a known kind ({error})") from error
        self._next, self._media_s = 0, 0.0
        self.frame_count = None if self._repeat else self._count
        width, height = self._animation.size
        return f"{self.name}: {width}x{height}, {self._animation.format} animation, {self._count} frames"

    def read(self) -> Frame | None:
        if self._animation is None:
            return None
        if self._next >= self._count:
            if not self._repeat:
                return None
            self._next = 0
        try:
            self._animation.seek(self._next)
            picture = _on_black(self._animation)
            duration_s = float(self._animation.info.get("duration") or 0.0) / 1000.0
        except Exception as error:  # as above
            if self._animation is None:  # closed from another thread meanwhile
                return None
            if self._next == 0:
                raise CaptureError(f"{self.name} is damaged ({error})") from error
            logger.warning("%s cannot be decoded beyond frame %d: %s", self.name, self._next, error)
            self._count = self._next
            return self.read() if self._repeat else None
        media_s = self._media_s
        self._next += 1
        self._media_s += duration_s if duration_s >= SHORTEST_S else USUAL_S
        return self._frame_clock.stamp(picture, media_s=media_s)

    def close(self) -> None:
        animation, self._animation = self._animation, None
        if animation is not None:
            animation.close()


def _on_black(picture: Any) -> Image:
    """(H, W, 3) BGR."""
    rgba = np.asarray(picture.convert("RGBA"), np.uint16)
    opaque = rgba[..., 2::-1] * rgba[..., 3:] // 255
    return np.ascontiguousarray(opaque.astype(np.uint8))
