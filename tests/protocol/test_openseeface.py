from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.openseeface import MAX_RECORDS, RECORD_BYTES, RECORD_DTYPE, FaceRecord, PacketError, decode, encode
from tests.protocol import make_golden

GOLDEN = sorted((Path(__file__).parent / "data").glob("*.bin"), key=lambda path: path.name)
ARRAYS = ("quaternion", "euler", "translation", "confidence", "points_2d", "points_3d", "features")

float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)


def arrays(name: str) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float32, RECORD_DTYPE[name].shape, elements=float32s)


face_records = st.builds(
    FaceRecord,
    time=st.floats(allow_nan=False, allow_infinity=False),
    face_id=st.integers(-(2**31), 2**31 - 1),
    width=float32s,
    height=float32s,
    right_eye_open=float32s,
    left_eye_open=float32s,
    got_3d=st.booleans(),
    fit_error=float32s,
    **{name: arrays(name) for name in ARRAYS},
)


def a_record(**changes: Any) -> FaceRecord:
    record = FaceRecord(
        time=1.5,
        face_id=0,
        width=640.0,
        height=360.0,
        right_eye_open=1.0,
        left_eye_open=0.5,
        got_3d=True,
        fit_error=2.0,
        **{name: np.zeros(RECORD_DTYPE[name].shape, np.float32) for name in ARRAYS},
    )
    return dataclasses.replace(record, **changes)


def with_bad_value(name: str, value: float) -> FaceRecord:
    if name not in ARRAYS:
        return a_record(**{name: value})
    array = np.zeros(RECORD_DTYPE[name].shape, np.float32)
    array.flat[-1] = value
    return a_record(**{name: array})


def test_there_is_a_golden_packet_for_every_pose_of_the_generator() -> None:
    assert {path.stem: path.read_bytes() for path in GOLDEN} == dict(make_golden.packets())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_packet_is_encoded_again_bit_for_bit(path: Path) -> None:
    data = path.read_bytes()
    assert encode(decode(data)) == data


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("cut", [1, 57, RECORD_BYTES - 1])
def test_truncated_golden_packet_is_refused(path: Path, cut: int) -> None:
    data = path.read_bytes()[:-cut]
    with pytest.raises(PacketError, match=f"^{len(data)} bytes are not a whole number of 1785-byte records$"):
        decode(data)


def test_every_field_of_a_golden_packet_is_read_from_its_documented_offset() -> None:
    data = (Path(__file__).parent / "data" / "yaw_15_pitch_10_roll_5.bin").read_bytes()
    (record,) = decode(data)

    def floats(offset: int, count: int) -> list[float]:
        return list(struct.unpack_from(f"<{count}f", data, offset))

    assert record.time == struct.unpack_from("<d", data, 0)[0] == 1_700_000_000.125
    assert record.face_id == 0
    assert [record.width, record.height, record.right_eye_open, record.left_eye_open] == floats(12, 4)
    assert record.got_3d is True
    assert [record.fit_error] == floats(29, 1)
    assert record.quaternion.tolist() == floats(33, 4)
    assert record.euler.tolist() == floats(49, 3)
    assert record.translation.tolist() == floats(61, 3)
    assert record.confidence.tolist() == floats(73, 68)
    assert record.points_2d.ravel().tolist() == floats(345, 136)
    assert record.points_3d.ravel().tolist() == floats(889, 210)
    assert record.features.tolist() == floats(1729, 14)


@settings(max_examples=50, deadline=None)
@given(st.lists(face_records, min_size=1, max_size=3))
def test_decode_of_encode_is_identity_but_for_the_order_of_ids(records: list[FaceRecord]) -> None:
    assert decode(encode(records)) == sorted(records, key=lambda record: record.face_id)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=4000), st.binary(min_size=1, max_size=8).map(lambda part: (part * 1785)[:1785])))
def test_any_bytes_decode_or_raise_packet_error(data: bytes) -> None:
    try:
        records = decode(data)
    except PacketError as error:
        assert str(error)
    else:
        assert encode(sorted(records, key=lambda record: record.face_id)) == data


def test_lower_ids_come_first() -> None:
    data = encode([a_record(face_id=7), a_record(face_id=2), a_record(face_id=4)])
    assert [record.face_id for record in decode(data)] == [2, 4, 7]


def test_36_records_fit_into_a_datagram_and_37_do_not() -> None:
    records = [a_record(face_id=i) for i in range(37)]
    assert len(decode(encode(records[:MAX_RECORDS]))) == 36
    with pytest.raises(PacketError, match=r"^a datagram holds at most 36 records, got 37$"):
        encode(records)
    with pytest.raises(PacketError, match=r"^a datagram holds at most 36 records, got 37$"):
        decode(encode(records[:1]) * 37)


def test_nothing_is_neither_encoded_nor_decoded() -> None:
    with pytest.raises(PacketError, match=r"^there is no record to encode$"):
        encode([])
    with pytest.raises(PacketError, match=r"^the datagram is empty$"):
        decode(b"")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", [name for name in RECORD_DTYPE.names or () if name not in ("face_id", "got_3d")])
def test_value_that_is_not_finite_is_refused_by_name(name: str, bad: float) -> None:
    with pytest.raises(PacketError, match=f"^{name} of record 1 is not finite$"):
        encode([a_record(), with_bad_value(name, bad)])


def test_not_finite_bytes_are_refused_by_name() -> None:
    data = bytearray(encode([a_record()]))
    struct.pack_into("<f", data, 1729, float("nan"))
    with pytest.raises(PacketError, match=r"^features of record 0 is not finite$"):
        decode(bytes(data))


def test_value_too_large_for_the_wire_is_refused_and_not_sent_as_infinity() -> None:
    with pytest.raises(PacketError, match=r"^width of record 0 is not finite$"):
        encode([a_record(width=1e39)])
    with pytest.raises(PacketError, match=r"^face_id must fit into 32 bits, got 2147483648$"):
        encode([a_record(face_id=2**31)])


def test_flag_that_is_neither_0_nor_1_is_refused() -> None:
    data = bytearray(encode([a_record()]))
    data[28] = 7
    with pytest.raises(PacketError, match=r"^got_3d must be 0 or 1, got 7$"):
        decode(bytes(data))


def test_array_of_another_shape_is_refused_by_name() -> None:
    with pytest.raises(PacketError, match=r"^points_2d must have shape \(68, 2\), got \(66, 2\)$"):
        a_record(points_2d=np.zeros((66, 2), np.float32))


def test_records_differ_when_any_value_differs() -> None:
    assert a_record() == a_record()
    assert a_record() != a_record(face_id=1)
    assert a_record() != with_bad_value("points_3d", 0.5)
    assert a_record() != "a record"
