"""Real-time webcam face tracking: landmarks, gaze, head pose, expression and ARKit blendshapes.

>>> from tracker import Tracker
>>> with Tracker(model=3, max_faces=1) as tracker:
...     for face in tracker.process(image_bgr).faces:
...         print(face.face_id, face.pose.euler_deg if face.pose else "no pose")

Every image gives a `FrameResult` with one `Face` per person. `tracker.types` defines units and coordinate frames,
`tracker.topology` names the landmarks and blendshapes, `tracker.errors` lists what can be raised.

Importing this package is cheap: NumPy, OpenCV and ONNX Runtime are loaded with the first name that needs them.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from tracker.errors import CaptureError, FacetrackerError, ModelError, SettingsError
from tracker.version import VERSION as __version__

if TYPE_CHECKING:
    from tracker.api import Tracker
    from tracker.intrinsics import CameraIntrinsics
    from tracker.topology import BLENDSHAPE_NAMES
    from tracker.types import (
        Expression,
        Eyes,
        Face,
        FrameResult,
        HeadPose,
        Landmarks,
        StageTimings,
        TaughtExpression,
    )

# From 1.29 on, onnxruntime assigns this computer an id and reports its use to Microsoft unless told not to before it is
# loaded. A program that looks through a camera sends nothing but what its user asked for.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Tracker",
    # Results
    "FrameResult",
    "Face",
    "Landmarks",
    "Eyes",
    "HeadPose",
    "Expression",
    "CameraIntrinsics",
    "StageTimings",
    "TaughtExpression",
    "BLENDSHAPE_NAMES",
    # Errors
    "FacetrackerError",
    "SettingsError",
    "CaptureError",
    "ModelError",
    "__version__",
]

_MODULES = {"Tracker": "api", "CameraIntrinsics": "intrinsics", "BLENDSHAPE_NAMES": "topology"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tracker.{_MODULES.get(name, 'types')}"), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
