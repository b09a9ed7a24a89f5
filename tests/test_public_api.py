"""What `import tracker` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from typing import get_type_hints

import pytest

import tracker
from tracker import errors, types


@pytest.mark.parametrize("name", tracker.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(tracker, name)
    assert value is not None
    if isinstance(value, type):
        assert value.__doc__


def test_every_value_and_error_a_user_can_meet_is_public() -> None:
    public = set(tracker.__all__)
    assert {name for name, value in vars(errors).items() if isinstance(value, type)} <= public
    reachable = {types.FrameResult, types.Face}
    for owner in (types.FrameResult, types.Face):
        for hint in get_type_hints(owner).values():
            reachable |= {part for part in (hint, *getattr(hint, "__args__", ())) if isinstance(part, type)}
    ours = {value.__name__ for value in reachable if value.__module__.startswith("tracker.")}
    assert ours <= public
    assert {"HeadPose", "CameraIntrinsics", "StageTimings"} <= ours


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'tracker' has no attribute 'Engine'$"):
        _ = tracker.Engine


def test_importing_tracker_loads_nothing_heavy() -> None:
    code = "import sys, tracker; print(*({'numpy', 'cv2', 'onnxruntime'} & set(sys.modules)), tracker.__version__)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == f"{tracker.__version__}\n"
