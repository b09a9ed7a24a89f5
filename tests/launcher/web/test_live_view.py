"""The live view's packets: received while somebody looks, at most 30 a second, small."""

from __future__ import annotations

import queue
import socket
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from launcher.web.frames import FACE_DTYPE, FRAME, HEADER, NO_POSE, POINT_SCALE, pack_frame
from launcher.web.live_view import LiveView, RateLimiter
from protocol import openseeface

DATA = Path(__file__).resolve().parents[2] / "protocol" / "data"
LIMIT_S = 5.0


@pytest.mark.parametrize(("rate", "expected"), [(24.0, 24.0), (29.9, 29.9), (30.0, 30.0), (60.0, 30.0), (100.0, 30.0)])
def test_the_pacer_lets_at_most_thirty_a_second_through_whatever_the_jitter(rate: float, expected: float) -> None:
    random = np.random.default_rng(1)
    times = 50.0 + np.arange(int(rate * 20)) / rate + random.uniform(0.0, 0.008, int(rate * 20))
    pacer = RateLimiter(30.0)
    passed = sum(pacer.take(now) for now in times)
    assert passed / 20 == pytest.approx(expected, rel=0.04)


def test_a_pause_is_not_made_up_for() -> None:
    pacer = RateLimiter(30.0)
    assert pacer.take(0.0)
    passed = [pacer.take(10.0 + i * 0.002) for i in range(16)]
    assert sum(passed) <= 2


def test_a_message_holds_what_the_record_says() -> None:
    (record,) = openseeface.decode((DATA / "yaw_plus_20.bin").read_bytes())
    data = pack_frame([record], 7, 12.5)
    assert len(data) == 12 + 528
    assert HEADER.unpack_from(data) == (FRAME, 1, 0, 7, 12.5)
    (face,) = np.frombuffer(data, FACE_DTYPE, offset=HEADER.size)
    assert face["face_id"] == record.face_id
    assert np.array_equal(face["quaternion"], record.quaternion)
    assert np.array_equal(face["features"], record.features)
    assert face["open"].tolist() == [record.right_eye_open, record.left_eye_open]
    assert np.abs(face["points"] / POINT_SCALE - record.points_2d).max() <= 0.5 / POINT_SCALE
    assert np.abs(face["point_confidence"] / 255 - record.confidence).max() <= 0.5 / 255
    assert np.array_equal(face["gaze"], record.points_3d[66:68] - record.points_3d[68:70])
    assert face["confidence"] == pytest.approx(record.confidence[:66].mean())


def test_a_face_without_a_pose_says_so() -> None:
    records = openseeface.decode((DATA / "no_pose.bin").read_bytes())
    (face,) = np.frombuffer(pack_frame(records, 1, 0.0), FACE_DTYPE, offset=HEADER.size)
    assert face["fit_error"] == NO_POSE


def test_the_feed_receives_only_while_somebody_looks() -> None:
    frames: queue.Queue[bytes] = queue.Queue()
    data = (DATA / "two_faces.bin").read_bytes()
    recorded = openseeface.decode(data)[0].time
    feed = LiveView(frames.put, clock=lambda: recorded + 0.025)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", feed.port))

        def send_until_shown() -> tuple[int, int, int, int, float]:
            """The header of the first frame that comes; what is sent before the feed listens is lost."""
            deadline = time.monotonic() + LIMIT_S
            while time.monotonic() < deadline:
                sender.send(data)
                with suppress(queue.Empty):
                    return HEADER.unpack_from(frames.get(timeout=0.1))
            raise AssertionError("no frame came")

        try:
            for _ in range(3):
                sender.send(data)  # nobody looks: these are never shown
            time.sleep(0.2)
            assert frames.empty()

            feed.watch(True)
            kind, faces, _, received, latency_ms = send_until_shown()
            assert (kind, faces) == (FRAME, 2)
            assert latency_ms == pytest.approx(25.0, abs=0.01)

            time.sleep(0.1)
            sender.send(data[:-1])  # no whole record
            sender.send(b"\xff" * openseeface.RECORD_BYTES)  # no finite numbers
            time.sleep(0.1)
            assert frames.empty()
            sender.send(data)
            assert HEADER.unpack_from(frames.get(timeout=LIMIT_S))[3] == received + 3  # they count, but are not shown

            feed.watch(False)
            time.sleep(0.2)
            sender.send(data)
            time.sleep(0.2)
            assert frames.empty()
            feed.watch(True)
            assert send_until_shown()[0] == FRAME
        finally:
            feed.close()
