"""facetracker: faces, landmarks, gaze, head pose and expression from a webcam.

>>> from tracker import Tracker
>>> tracker = Tracker(model=3)
>>> result = tracker.process(image_bgr)

Importing is lazy: nothing heavy is loaded before `Tracker` is used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.api import Tracker
    from tracker.types import Face, FrameResult

# From 1.29 on, onnxruntime keeps a number for this computer and reports its use to Microsoft, unless told not to before
# it is loaded. A program that looks through a camera sends nothing but what its user asked for.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = ["Face", "FrameResult", "Tracker"]


def __getattr__(name: str) -> Any:
    if name == "Tracker":
        from tracker.api import Tracker

        return Tracker
    if name in ("Face", "FrameResult"):
        from tracker import types

        return getattr(types, name)
    raise AttributeError(f"module 'tracker' has no attribute {name!r}")
