"""The library with the real tracker on its demo face."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from launcher import (
    ControlError,
    Format,
    LauncherError,
    Receiver,
    State,
    TrackerOptions,
    TrackerProcess,
    list_cameras,
    list_formats,
)
from launcher.events import Connected, Refused, Started
from launcher.process import RestartPolicy
from protocol import openseeface
from tests.launcher.programs import LIMIT_S, Events, is_gone, texts, until
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.output.formats.table import FORMATS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, str(ROOT / "facetracker.py"))
GONE_S = 5 * 2.0
"""Five times what is promised."""


@pytest.fixture
def receivers() -> Iterator[list[socket.socket]]:
    opened = []
    for _ in range(2):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(LIMIT_S)
        opened.append(receiver)
    yield opened
    for receiver in opened:
        receiver.close()


def options_for(receivers: list[socket.socket], **more: object) -> TrackerOptions:
    targets = tuple(Receiver(port=receiver.getsockname()[1]) for receiver in receivers)
    return TrackerOptions("demo", model=-3, receivers=targets, **more)  # type: ignore[arg-type]


def euler_now(receiver: socket.socket) -> np.ndarray:
    """The angles that come next, after all that has been waiting."""
    receiver.setblocking(False)
    try:
        while True:
            receiver.recv(65535)
    except BlockingIOError:
        receiver.settimeout(LIMIT_S)
    return openseeface.decode(receiver.recv(65535))[0].euler


def test_a_tracker_is_watched_steered_and_stopped(receivers: list[socket.socket]) -> None:
    with TrackerProcess(options_for(receivers[:1]), program=PROGRAM, statistics_every_s=0.2) as tracker:
        events = Events(tracker)
        tracker.start()
        connected = events.wait_for(Connected)
        assert isinstance(connected, Connected) and connected.pid == tracker.pid and connected.version
        until(lambda: tracker.statistics is not None and tracker.statistics.faces == 1)
        statistics = tracker.control.statistics()
        assert (statistics.state, statistics.source, statistics.faces) == ("tracking", "demo", 1)
        assert statistics.negotiated_mode == "demo face, 640x360, 24 fps"
        assert statistics.fps > 0 and statistics.latency_ms and statistics.memory_bytes
        assert statistics.stages_ms.keys() >= {"landmarks", "pose"}

        picture = cv2.imdecode(np.frombuffer(tracker.control.picture(), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None and picture.shape == (360, 640, 3)

        tracker.control.reset_calibration()
        tracker.control.recentre()

        tracker.control.pause()
        until(lambda: tracker.control.statistics().state == "paused")
        receivers[0].settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                receivers[0].recv(65535)
        tracker.control.resume()
        euler_now(receivers[0])
        until(lambda: {"recentring", "calibration reset", "paused", "tracking resumed"} <= set(texts(tracker)))
        assert tracker.stop() == 0
        assert tracker.statistics is None
        with pytest.raises(ControlError):
            tracker.control.statistics()


def test_recentring_makes_the_pose_of_the_moment_the_straight_one(
    receivers: list[socket.socket], tmp_path: Path
) -> None:
    """On a still picture of a turned head: what is sent then can be nothing else."""
    picture = tmp_path / "turned.png"
    cv2.imwrite(str(picture), DemoFace().render(DemoState(yaw=20.0))[0])
    options = options_for(receivers[:1], extra_args=("--repeat-video", "1")).replace(camera=str(picture))
    with TrackerProcess(options, program=PROGRAM) as tracker:
        tracker.start()
        assert abs(euler_now(receivers[0])[1]) > 10
        tracker.control.recentre()
        until(lambda: abs(euler_now(receivers[0])[1]) < 1)
        assert np.abs(euler_now(receivers[0])) == pytest.approx((180, 0, 90), abs=1)
        tracker.control.clear_recentring()
        until(lambda: abs(euler_now(receivers[0])[1]) > 10)


def test_two_receivers_get_the_same_and_one_that_goes_disturbs_nothing(receivers: list[socket.socket]) -> None:
    staying, going = receivers
    with TrackerProcess(options_for(receivers), program=PROGRAM) as tracker:
        tracker.start()
        same = [(staying.recv(65535), going.recv(65535)) for _ in range(10)]
        assert all(one == other for one, other in same)
        going.close()
        times = [openseeface.decode(staying.recv(65535))[0].time for _ in range(30)]
        assert times == sorted(times) and times[0] > openseeface.decode(same[-1][0])[0].time
        assert tracker.alive
        if sys.platform != "win32":  # which reports an absent receiver, and we tell it once
            assert not texts(tracker, "err")
        assert tracker.stop() == 0


def test_a_camera_that_is_not_there_is_explained() -> None:
    with TrackerProcess(TrackerOptions("no such camera"), program=PROGRAM) as tracker:
        events = Events(tracker)
        tracker.start()
        refused = events.wait_for(Refused)
        assert isinstance(refused, Refused) and refused.exit_code == 3
        assert refused.explanation.startswith("The camera or file cannot be used: ")
        assert "no such camera" in refused.explanation and "--" not in refused.explanation
        assert tracker.state is State.REFUSED


def test_a_model_that_is_not_there_is_explained() -> None:
    with TrackerProcess(TrackerOptions("demo", model=9), program=PROGRAM) as tracker:
        events = Events(tracker)
        tracker.start()
        refused = events.wait_for(Refused)
        assert isinstance(refused, Refused) and refused.exit_code == 2
        assert refused.explanation.startswith("A setting is wrong: model: must be one of -3")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_killed_tracker_is_noticed_and_started_again(receivers: list[socket.socket]) -> None:
    restart_policy = RestartPolicy(first_pause=0.2)
    with TrackerProcess(options_for(receivers), program=PROGRAM, restart_policy=restart_policy) as tracker:
        events = Events(tracker)
        tracker.start()
        receivers[0].recv(65535)
        first = tracker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        events.wait_for(Started, 2)
        assert events.kinds() == ["Started", "Connected", "Crashed", "Restarting", "Started"]
        assert tracker.pid != first
        euler_now(receivers[0])
        assert tracker.stop() == 0


def test_a_tracker_that_tells_each_frame_tracks_on(receivers: list[socket.socket]) -> None:
    with TrackerProcess(options_for(receivers, fps=0, extra_args=("--verbose-frames",)), program=PROGRAM) as tracker:
        tracker.start()
        until(lambda: sum(line.startswith("Confidence[0]") for line in texts(tracker)) > 100)
        assert tracker.stop() == 0


_LAUNCHER = """
    import sys, time
    from launcher import Receiver, TrackerOptions, TrackerProcess

    tracker = TrackerProcess(
        TrackerOptions("demo", model=-3, receivers=(Receiver(port=int(sys.argv[2])),)),
        program=(sys.executable, sys.argv[1]),
    )
    tracker.start()
    print(tracker.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("tracks_already", [True, False])
def test_a_tracker_does_not_outlive_its_killed_launcher(receivers: list[socket.socket], tracks_already: bool) -> None:
    port = str(receivers[0].getsockname()[1])
    command = [sys.executable, "-c", textwrap.dedent(_LAUNCHER), PROGRAM[1], port]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        tracker = int(launcher.stdout.readline())
        assert not is_gone(tracker)
        try:
            if tracks_already:
                receivers[0].recv(65535)
            launcher.kill()
            until(lambda: is_gone(tracker), GONE_S)
        finally:
            launcher.kill()


def test_cameras_are_those_of_the_tracker() -> None:
    asked = list_cameras(PROGRAM)
    told = subprocess.run([*PROGRAM, "--list-cameras", "2"], capture_output=True, text=True, check=True).stdout
    assert [camera.name for camera in asked] == told.splitlines()


def test_formats_are_those_of_the_tracker() -> None:
    formats = list_formats(PROGRAM)
    assert [format.name for format in formats] == list(FORMATS)
    assert all(isinstance(format, Format) and format.title and format.port for format in formats)
    assert formats[0].name == Receiver().format and formats[0].port == Receiver().port


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import sys; sys.exit('it hurts')", "cannot be listed: it hurts"),
        ("import sys; sys.exit(5)", "cannot be listed: exit code 5"),
        ("print('cameras?')", "is not understood"),
        ("print('[{}]')", "is not understood"),
        ("print('{}[')", "is not understood"),
        ("print(7)", "is not understood"),
    ],
)
def test_a_list_that_is_none_is_told(script: str, reason: str) -> None:
    with pytest.raises(LauncherError, match=reason):
        list_cameras((sys.executable, "-c", script))


def test_listing_that_hangs_is_given_up() -> None:
    begin = time.monotonic()
    with pytest.raises(LauncherError, match=r"took longer than 0\.2 seconds"):
        list_cameras((sys.executable, "-c", "import time; time.sleep(60)"), limit_s=0.2)
    assert time.monotonic() - begin < LIMIT_S
