"""The live view's packets: received while somebody looks, at most 30 a second, small."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import numpy as np
import pytest

from launcher.web.frames import ARKIT_NAMES, FACE_DTYPE, FRAME, HEADER, NO_POSE, POINT_SCALE, pack_frame
from launcher.web.live_view import LiveView, RateLimiter, read_coefficients
from protocol import facejson, openseeface
from tracker.topology import BLENDSHAPE_NAMES

DATA = Path(__file__).resolve().parents[2] / "protocol" / "data"


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
    assert len(data) == 12 + 580
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


def test_a_message_holds_what_was_measured_beside_what_is_sent() -> None:
    (record,) = openseeface.decode((DATA / "frontal.bin").read_bytes())
    sent, measured = bytes(range(52)), bytes(range(100, 152))
    told = facejson.encode_packed(1, 0.0, {record.face_id: (sent, measured)})
    (face,) = np.frombuffer(pack_frame([record], 1, 0.0, read_coefficients(told)), FACE_DTYPE, offset=HEADER.size)
    assert (face["coefficients"].tobytes(), face["measured"].tobytes()) == (sent, measured)


def test_coefficients_have_the_trackers_order() -> None:
    assert ARKIT_NAMES == BLENDSHAPE_NAMES


ROW = "00" * 52


@pytest.mark.parametrize(
    "packed",
    [
        3,
        [3],
        [{"id": 0, "sent": ROW}],
        [{"id": 0, "sent": ROW, "measured": ROW[1:]}],
        [{"id": "", "sent": 1, "measured": ROW}],
    ],
)
def test_what_is_no_list_of_coefficients_is_none(packed: object) -> None:
    assert read_coefficients(json.dumps({"packed": packed}).encode()) == {}
    assert read_coefficients(b"{") == {}


def test_a_face_without_a_pose_says_so() -> None:
    records = openseeface.decode((DATA / "no_pose.bin").read_bytes())
    (face,) = np.frombuffer(pack_frame(records, 1, 0.0), FACE_DTYPE, offset=HEADER.size)
    assert face["fit_error"] == NO_POSE


def test_the_feed_receives_only_while_somebody_looks() -> None:
    asyncio.run(_watched_and_not())


async def _watched_and_not() -> None:
    frames: asyncio.Queue[bytes] = asyncio.Queue()
    data = (DATA / "two_faces.bin").read_bytes()
    recorded = openseeface.decode(data)[0].time
    feed = LiveView(frames.put_nowait, clock=lambda: recorded + 0.025)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", feed.port))

        async def send(*datagrams: bytes) -> list[tuple[int, int, int, int, float]]:
            """The headers of the frames that come of them."""
            for datagram in datagrams:
                sender.send(datagram)
            await asyncio.sleep(0.2)
            return [HEADER.unpack_from(frames.get_nowait()) for _ in range(frames.qsize())]

        try:
            assert await send(data, data, data) == []  # nobody looks: these are never shown
            feed.watch(True)
            ((kind, faces, _, received, latency_ms),) = await send(data)
            assert (kind, faces, received) == (FRAME, 2, 1)
            assert latency_ms == pytest.approx(25.0, abs=0.01)
            # What has no whole record or no finite numbers counts, but is not shown.
            assert await send(data[:-1], b"\xff" * openseeface.RECORD_BYTES, b"") == []
            assert [header[3] for header in await send(data)] == [4]

            feed.watch(False)
            assert await send(data) == []
            feed.watch(True)
            assert [header[0] for header in await send(data)] == [FRAME]
            feed.watch(False)
        finally:
            feed.close()
