"""Packing and unpacking one record, against packing its 446 values one by one as OpenSeeFace does."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np

from benchmarks.report import Report, Spread, arguments, facts, pin_to_one_core
from protocol.openseeface import FaceRecord, decode, encode

WARM_UP, TIMES = 200, 3000


def a_record(seed: int) -> FaceRecord:
    """A record full of plausible values."""
    random = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    return FaceRecord(
        time=1.7e9,
        face_id=0,
        width=640.0,
        height=360.0,
        right_eye_open=0.5,
        left_eye_open=0.75,
        got_3d=True,
        fit_error=4.5,
        quaternion=floats(4),
        euler=floats(3),
        translation=floats(3),
        confidence=floats(68),
        points_2d=floats(68, 2),
        points_3d=floats(70, 3),
        features=floats(14),
    )


def encode_singly(record: FaceRecord) -> bytes:
    """446 calls of struct.pack, each appended to the packet."""
    packet = bytearray()
    packet.extend(bytearray(struct.pack("<d", record.time)))
    packet.extend(bytearray(struct.pack("<i", record.face_id)))
    for value in (record.width, record.height, record.right_eye_open, record.left_eye_open):
        packet.extend(bytearray(struct.pack("<f", value)))
    packet.extend(bytearray(struct.pack("<B", record.got_3d)))
    packet.extend(bytearray(struct.pack("<f", record.fit_error)))
    for values in (record.quaternion, record.euler, record.translation, record.confidence):
        for value in values:
            packet.extend(bytearray(struct.pack("<f", value)))
    for points in (record.points_2d, record.points_3d):
        for point in points:
            for value in point:
                packet.extend(bytearray(struct.pack("<f", value)))
    for value in record.features:
        packet.extend(bytearray(struct.pack("<f", value)))
    return bytes(packet)


def microseconds(actions: dict[str, Callable[[], object]]) -> dict[str, Spread]:
    """What each action takes. They take turns, so that whatever else the machine does meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(WARM_UP + TIMES):
        for name, action in actions.items():
            begin = time.perf_counter_ns()
            action()
            end = time.perf_counter_ns()
            if turn >= WARM_UP:
                taken[name].append((end - begin) / 1e3)
    return {name: Spread.of(values) for name, values in taken.items()}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the record's values (default 0)")
    options = parser.parse_args()
    report = Report("codec", facts(cores=pin_to_one_core()))
    record = a_record(options.seed)
    data = encode([record])
    if encode_singly(record) != data:
        raise SystemExit("the two ways of packing do not give the same bytes")
    spreads = microseconds(
        {
            "encode": lambda: encode([record]),
            "decode": lambda: decode(data),
            "446 single packs": lambda: encode_singly(record),
        }
    )
    singly = spreads["446 single packs"].median
    for name, spread in spreads.items():
        report.add(action=name, us=spread, **{"times faster than single packs": singly / spread.median})
    report.finish(options.json)


if __name__ == "__main__":
    main()
