"""The live view's packets: received while somebody looks, at most 30 a second, small."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from launcher.web.frames import ARKIT_NAMES, FACE_DTYPE, FRAME, HEADER, NO_POSE, POINT_SCALE, pack_frame
from launcher.web.live_view import LiveView, RateLimiter, read_packed
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


def packed(name: str) -> bytes:
    """The frame of a recorded datagram as the tracker packs it; coefficients rise from 0, measured ones from 100."""
    data = (DATA / f"{name}.bin").read_bytes()
    rows = {record.face_id: (bytes(range(52)), bytes(range(100, 152))) for record in openseeface.decode(data)}
    return facejson.encode_packed(1, 0.0, data, rows)


def test_a_message_holds_what_was_measured_beside_what_is_sent() -> None:
    records, coefficients = read_packed(packed("frontal"))
    (face,) = np.frombuffer(pack_frame(records, 1, 0.0, coefficients), FACE_DTYPE, offset=HEADER.size)
    assert (face["coefficients"].tobytes(), face["measured"].tobytes()) == (bytes(range(52)), bytes(range(100, 152)))


def test_coefficients_have_the_trackers_order() -> None:
    assert ARKIT_NAMES == BLENDSHAPE_NAMES


ROW = "00" * 52


@pytest.mark.parametrize(
    "rows",
    [
        3,
        [3],
        [{"id": 0, "sent": ROW}],
        [{"id": 0, "sent": ROW, "measured": ROW[1:]}],
        [{"id": "", "sent": 1, "measured": ROW}],
    ],
)
def test_what_is_no_packed_frame_is_refused(rows: object) -> None:
    whole = json.loads(packed("frontal"))
    for wrong in (
        {**whole, "packed": rows},
        {**whole, "records": 3},
        {**whole, "records": whole["records"][:-2]},
        rows,
    ):
        with pytest.raises(ValueError):
            read_packed(json.dumps(wrong).encode())


def test_a_face_without_a_pose_says_so() -> None:
    records = openseeface.decode((DATA / "no_pose.bin").read_bytes())
    (face,) = np.frombuffer(pack_frame(records, 1, 0.0), FACE_DTYPE, offset=HEADER.size)
    assert face["fit_error"] == NO_POSE


def at_time(data: bytes, unix_time: float) -> bytes:
    """The packed frame with another time in its first record."""
    body = json.loads(data)
    records = bytearray.fromhex(body["records"])
    struct.pack_into("<d", records, 0, unix_time)
    return json.dumps({**body, "records": records.hex()}).encode()


def test_the_feed_receives_only_while_somebody_looks() -> None:
    asyncio.run(_watched_and_not())


async def _watched_and_not() -> None:
    frames: asyncio.Queue[bytes] = asyncio.Queue()
    data = packed("two_faces")
    recorded = read_packed(data)[0][0].time
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
            # What is no frame, has no finite numbers or no face counts, but is not shown.
            infinite = facejson.encode_packed(1, 0.0, b"\xff" * openseeface.RECORD_BYTES, {})
            nobody = facejson.encode_packed(1, 0.0, b"", {})
            for wrong in (data[:-1], infinite, b"\xff", nobody, at_time(data, 1e300)):
                assert await send(wrong) == []
            assert [header[3] for header in await send(data, b"")] == [7]

            feed.watch(False)
            assert await send(data) == []
            feed.watch(True)
            assert [header[0] for header in await send(data)] == [FRAME]
            feed.watch(False)
        finally:
            feed.close()
