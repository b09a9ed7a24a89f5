"""Settings become arguments that the tracker itself understands."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.errors import UsageError
from launcher.options import Receiver, TrackerOptions
from tests.launcher.full_options import FULL
from tracker.app.parsing import parse
from tracker.output.target import Target


def test_nothing_set_is_nothing_but_the_camera() -> None:
    assert TrackerOptions().arguments() == ("--capture=0",)


def test_every_setting_arrives() -> None:
    options = FULL.replace(
        camera="-1 odd; name",
        smoothing=0.0,
        receivers=(Receiver(), Receiver("::1", 4000), Receiver("10.0.0.7", 39540, "vmc", (("mirror", "1"),))),
    )
    found = parse(list(options.arguments()))
    assert (found.capture, found.width, found.height, found.fps, found.dformat) == (
        "-1 odd; name", 1280, 720, 60, "MJPG",
    )  # fmt: skip
    assert (found.model, found.max_faces, found.smoothing, found.mirror) == (-3, 2, 0.0, True)
    assert (found.gaze_tracking, found.profile, found.fov_deg) == (False, "Anna", 70.0)
    assert found.further_targets == [
        Target("127.0.0.1", 11573),
        Target("::1", 4000),
        Target("10.0.0.7", 39540, "vmc", (("mirror", "1"),)),
    ]


def test_a_value_of_a_receiver_may_hold_anything() -> None:
    receiver = Receiver("localhost", 39539, "vmc", (("model", "C:\\My Avatars\\ä & b?.vrm"),))
    (target,) = parse([f"--target={receiver}"]).further_targets
    assert target.value("model") == "C:\\My Avatars\\ä & b?.vrm"


def test_extra_arguments_win() -> None:
    assert parse(list(TrackerOptions(extra_args=("-c", "demo")).arguments())).capture == "demo"


def test_a_copy_may_change_add_and_unset_values() -> None:
    options = TrackerOptions("demo", model=0, fps=30).replace(model=None, faces=2, camera="1")
    assert options == TrackerOptions("1", fps=30, faces=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": [1]}, "model cannot be"),
        ({"values": {}}, "values cannot be"),
        ({"capture": "1"}, "set 'camera' instead of 'capture'"),
        ({"target": "a:1"}, "set 'receivers' instead of 'target'"),
    ],
)
def test_what_cannot_become_an_argument_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrackerOptions(**values)


@pytest.mark.parametrize(
    ("host", "port", "kind"), [("", 1, "osf"), (" ", 1, "osf"), ("h", 0, "osf"), ("h", 65536, "osf"), ("h", 1, "a b")]
)
def test_what_is_no_receiver_is_refused(host: str, port: int, kind: str) -> None:
    with pytest.raises(UsageError):
        Receiver(host, port, kind)
