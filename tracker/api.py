"""The library's entry point: images in, results out, one call per image."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec

import numpy as np
import numpy.typing as npt

from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.option import validated
from tracker.types import Frame, FrameResult
from tracker.unix_clock import UnixClock

DEFAULT_STEP_S = 1 / 30

P = ParamSpec("P")


def _takes(options: Callable[P, EngineOptions]) -> Callable[[Any], Callable[Concatenate[Tracker, P], None]]:
    """Give a constructor the signature of `options`, so that keywords are declared once."""

    def typed(constructor: Any) -> Any:
        signature = inspect.signature(options, eval_str=True)
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        constructor.__signature__ = signature.replace(parameters=[own, *signature.parameters.values()])
        return constructor

    return typed


class Tracker:
    """Tracks faces through a sequence of images.

    Keywords are the fields of `tracker.face.options.EngineOptions`. Most are named like the command line's long
    options, with underscores; `max_faces` is ``--faces``, `fov_deg` is ``--fov``, `adapt_3d` the opposite of
    ``--no-3d-adapt``, and `background_scan` has no option.

    >>> with Tracker(model=3, max_faces=1) as tracker:
    ...     result = tracker.process(image_bgr)

    Not thread-safe: use each instance from one thread at a time.
    Raises ValueError for an option out of range and ModelError when the networks are missing or damaged.
    """

    @_takes(EngineOptions)
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._engine = Engine(validated(EngineOptions(*arguments, **options)))
        self._index = 0
        self._last_s: float | None = None
        self._unix_clock = UnixClock()
        self._is_closed = False

    def process(self, image_bgr: npt.NDArray[np.uint8], timestamp_s: float | None = None) -> FrameResult:
        """Find and measure the faces in an image.

        image_bgr: (H, W, 3) uint8, channels in the order blue, green, red; not modified.
        timestamp_s: when the image was taken: seconds from any origin, never decreasing; None = 1/30 s after the last.
        Raises ValueError for any other shape or type, for a time before the last one, and
        RuntimeError after `close`.
        """
        if self._is_closed:
            raise RuntimeError("the tracker is closed")
        if (
            not isinstance(image_bgr, np.ndarray)
            or image_bgr.ndim != 3
            or image_bgr.shape[2] != 3
            or not image_bgr.size
        ):
            raise ValueError(f"image_bgr must have shape (H, W, 3), got {getattr(image_bgr, 'shape', type(image_bgr))}")
        if image_bgr.dtype != np.uint8:
            raise ValueError(f"image_bgr must be uint8, got {image_bgr.dtype}")
        if timestamp_s is None:
            timestamp_s = 0.0 if self._last_s is None else self._last_s + DEFAULT_STEP_S
        if not np.isfinite(timestamp_s) or (self._last_s is not None and timestamp_s < self._last_s):
            raise ValueError(f"timestamp_s must not go back: {timestamp_s} after {self._last_s}")
        self._last_s = timestamp_s
        # A view, so that freezing the frame does not make the caller's array read-only.
        frame = Frame(self._index, image_bgr.view(), time.monotonic_ns(), self._unix_clock.now(), timestamp_s)
        self._index += 1
        return self._engine.process(frame)

    def close(self) -> None:
        """Release the networks' threads. Safe to call twice; nothing can be tracked any more."""
        self._is_closed = True
        self._engine.close()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
