"""What the Face tab and the mute button do to what receivers get, with the real tracker; and how receivers fare."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from launcher import ControlError, Receiver, TrackerOptions, TrackerProcess
from tests.launcher.programs import LIMIT_S
from tests.launcher.test_real_tracker import PROGRAM


def next_shapes(receiver: socket.socket, wanted: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """The first coefficients that are as `wanted`."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        faces = json.loads(receiver.recv(65535))["faces"]
        if faces and wanted(faces[0]["blendshapes"]):
            shapes: dict[str, float] = faces[0]["blendshapes"]
            return shapes
    raise AssertionError("the coefficients stay as they are")


def states_of(tracker: TrackerProcess, wanted: set[str]) -> dict[int, str]:
    """The states by port, once they are all among `wanted`."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        targets: list[dict[str, Any]] = tracker.control.statistics().raw["targets"]
        states = {target["port"]: target["state"] for target in targets}
        if set(states.values()) == wanted:
            return states
        time.sleep(0.1)
    raise AssertionError(f"the states are {states}")


def test_sensitivity_and_a_muted_mouth_reach_every_receiver() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(LIMIT_S)
        nobody.bind(("127.0.0.1", 0))
        port, absent = receiver.getsockname()[1], nobody.getsockname()[1]
        nobody.close()
        options = TrackerOptions(
            "demo",
            model=-3,
            receivers=[
                Receiver(port=port, format="json"),
                Receiver(port=absent),
                Receiver(host="nowhere.invalid", port=11574),
            ],
            sensitivity='{"browInnerUp": {"low": 0.9}}',
        )
        with TrackerProcess(options, program=PROGRAM) as tracker:
            tracker.start()
            next_shapes(receiver, lambda shapes: shapes["browInnerUp"] >= 0.9)
            states = states_of(tracker, {"sending", "nobody", "unknown_host"})
            assert states == {port: "sending", absent: "nobody", 11574: "unknown_host"}
            tracker.control.change_sensitivity({"mouthPucker": {"low": 0.8}})
            shapes = next_shapes(receiver, lambda shapes: shapes["mouthPucker"] >= 0.8 and shapes["browInnerUp"] < 0.9)
            assert shapes["mouthPucker"] >= 0.8
            tracker.control.mute_mouth()
            muted = next_shapes(receiver, lambda shapes: shapes["mouthPucker"] == 0.0)
            assert all(value == 0.0 for name, value in muted.items() if name.startswith(("mouth", "jaw")))
            assert tracker.control.statistics().raw["mouth_muted"] is True
            tracker.control.mute_mouth(False)
            next_shapes(receiver, lambda shapes: shapes["mouthPucker"] >= 0.8)
            with pytest.raises(ControlError, match="no coefficient 'mouth'"):
                tracker.control.change_sensitivity({"mouth": {}})
