"""Feeds everything that reads what others wrote: ``python -m tests.faults.fuzz [CASES] [SEED]``.

Each target is given documents that are good, misshapen, cut, mixed and noise, and may raise what it promises and
nothing else. What fails is printed with the case, so that it can become a test.
"""

from __future__ import annotations

import json
import logging
import math
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from launcher.profiles import ProfileError, load_profile
from protocol import livelink, opentrack, vmc, vtubestudio
from protocol.control import ControlAddress, ControlMessageError, LineSplitter, decode
from protocol.foreign_json import ForeignJsonError, parse_json, printable
from protocol.openseeface import PacketError
from protocol.openseeface import decode as decode_records
from tests.faults.test_foreign_json import HOSTILE, PROBES, good_manifest, good_vrm, vrm
from tracker.app.parsing import parse
from tracker.app.profile import load_profile as load_user_profile
from tracker.capture.file_kind import kind_of_file
from tracker.capture.jpeg_parts import JpegParts, PartsError
from tracker.capture.stream_address import hint_for, is_url, normalised, without_password
from tracker.errors import CaptureError, ModelError, SettingsError
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.manifest import read_manifest
from tracker.output.formats.vrm_bones import read_bones
from tracker.output.formats.vts.tokens import Tokens
from tracker.output.target import parse_target

NUMBERS = [0.0, -0.0, 1.0, -1.0, 1e38, 1e39, -1e39, 1e308, 5e-324, math.inf, -math.inf, math.nan, 2.0**31, 2.0**63]
_TOKENS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"\\ud800",
    b"\\",
    b"null",
    b"1e999",
    b"-",
    b"\xff",
    b"\0",
    b"9" * 300,
]


@dataclass(frozen=True)
class Target:
    """Something that reads. promised: what it may raise. documents: good ones, which cases are made from."""

    read: Callable[[bytes], object]
    promised: tuple[type[BaseException], ...]
    documents: tuple[bytes, ...]


def mutated(data: bytes, random_: random.Random) -> bytes:
    """`data` with some bytes changed, cut, repeated or replaced by tokens."""
    changed = bytearray(data)
    for _ in range(random_.choice((1, 1, 2, 4, 16))):
        at = random_.randrange(len(changed) + 1)
        what = random_.randrange(6)
        if what == 0 and changed:
            changed[at % len(changed)] = random_.randrange(256)
        elif what == 1:
            del changed[at:]
        elif what == 2:
            del changed[at : at + random_.randrange(1, 40)]
        elif what == 3:
            changed[at:at] = random_.choice(_TOKENS)
        elif what == 4:
            changed[at:at] = changed[at : at + random_.randrange(1, 60)] * random_.randrange(1, 5)
        else:
            changed[at:at] = bytes(random_.randrange(256) for _ in range(random_.randrange(8)))
    return bytes(changed)


def reshaped(data: bytes, random_: random.Random) -> bytes:
    """The JSON in `data` with other values at some places."""
    try:
        content = json.loads(data)
    except ValueError:
        return mutated(data, random_)
    for _ in range(random_.choice((1, 1, 2, 5))):
        places: list[tuple[Any, Any]] = []
        level = [content]
        while level:
            container = level.pop()
            keys = list(container) if isinstance(container, dict) else range(len(container))
            for key in keys:
                places.append((container, key))
                if isinstance(container[key], dict | list):
                    level.append(container[key])
        if not places:
            break
        container, key = random_.choice(places)
        if isinstance(container, dict) and random_.random() < 0.2:
            del container[key]
        else:
            container[key] = json.loads(json.dumps(random_.choice(PROBES)))
    return json.dumps(content).encode()


def case(target: Target, random_: random.Random) -> bytes:
    """One input for `target`."""
    document = random_.choice(target.documents)
    kind = random_.random()
    if kind < 0.4:
        return reshaped(document, random_)
    if kind < 0.8:
        return mutated(document, random_)
    if kind < 0.9:
        return mutated(document + random_.choice(target.documents), random_)
    if kind < 0.92:
        return random_.choice([text for text in HOSTILE.values() if len(text) < 1 << 20])
    return bytes(random_.randrange(256) for _ in range(random_.randrange(200)))


def targets(folder: Path) -> dict[str, Target]:
    """Everything that is fed. folder: for files."""
    engine = Engine(EngineOptions(model=-3))
    profile = json.dumps(engine.export_profile()).encode()
    options = {"camera": "0", "fps": 30, "receivers": [{"host": "h", "port": 1, "switches": {"fps": "30"}}]}
    vts = {"apiName": "VTubeStudioPublicAPI", "requestID": "1"}
    announced = {**vts, "messageType": "VTubeStudioAPIStateBroadcast", "data": {"port": 1, "active": True}}
    listed = {"defaultParameters": [{"name": "FaceAngleX"}], "customParameters": [{"name": "JawOpen"}]}

    def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
        def read_from_file(data: bytes) -> object:
            (folder / name).write_bytes(data)
            return read(folder / name)

        return read_from_file

    def read_profile(path: Path) -> None:
        load_user_profile(engine, path)
        kept = engine.export_profile()
        assert json.dumps(kept, allow_nan=False)

    def read_answer(data: bytes) -> None:
        response = vtubestudio.parse_response(data)
        vtubestudio.parameter_names(response.data)
        assert response.error is None or printable(response.error[1]) == response.error[1]

    def read_lines(data: bytes) -> None:
        for line in LineSplitter(1 << 16).feed(data):
            if line is not None:
                decode(line)

    def read_words(data: bytes) -> None:
        text = data.decode("latin-1")
        parse_target(text)

    def read_address(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        hint_for(text)
        without_password(text)
        ControlAddress.parse(text) if ":" in text and not is_url(text) else normalised(text)

    def read_command(data: bytes) -> None:
        parse([word for word in data.decode("utf-8", "surrogateescape").split(" ") if word not in ("-h", "--help")])

    def read_parts(data: bytes) -> None:
        parts = JpegParts(b"b")
        for at in range(0, len(data), 50):
            parts.feed(data[at : at + 50])

    def send(data: bytes) -> None:
        numbers = [struct.unpack("<d", data[at : at + 8])[0] for at in range(0, len(data) - 7, 8)] or NUMBERS
        chosen = [numbers[at % len(numbers)] for at in range(64)]
        vmc.message("/a", *chosen[:5], int(chosen[5]) if math.isfinite(chosen[5]) else 0)
        opentrack.encode(opentrack.Pose(*chosen[:6]))
        livelink.values(chosen[:52], (chosen[0],) * 3, (chosen[1],) * 3, (chosen[2],) * 3)

    doubles = tuple(struct.pack("<16d", *random.Random(seed).choices(NUMBERS, k=16)) for seed in range(8))
    jpeg_part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nhello\r\n"
    return {
        "JSON": Target(parse_json, (ForeignJsonError,), (profile, b'{"a":[1,2.5,"x",null,true]}')),
        "VRM": Target(
            lambda data: in_file("a.vrm", read_bones)(vrm(data)), (SettingsError,), (json.dumps(good_vrm()).encode(),)
        ),
        "VRM, its container": Target(
            in_file("a.vrm", read_bones), (SettingsError,), (vrm(json.dumps(good_vrm()).encode()),)
        ),
        "manifest": Target(
            in_file("manifest.json", read_manifest), (ModelError,), (json.dumps(good_manifest()).encode(),)
        ),
        "user's profile": Target(in_file("u.json", read_profile), (), (profile,)),
        "launcher's profile": Target(
            in_file("p.json", lambda path: load_profile("p", folder)), (ProfileError,),
            (json.dumps({"version": 1, "options": options}).encode(),),
        ),
        "tokens": Target(in_file("t.json", lambda path: Tokens(path).get("a")), (), (b'{"a":"b","c":"d"}',)),
        "control lines": Target(
            read_lines, (ControlMessageError,), (b'{"command":"statistics","id":1,"every_s":0.5}\n{"id":"a"}\n',)
        ),
        "VTube Studio": Target(
            read_answer, (ValueError,),
            (
                json.dumps({**vts, "messageType": "APIError", "data": {"errorID": 8, "message": "no"}}).encode(),
                json.dumps({**vts, "messageType": "InputParameterListResponse", "data": listed}).encode(),
            ),
        ),
        "announcements": Target(
            vtubestudio.announced_port, (),
            (json.dumps(announced).encode(),),
        ),
        "records": Target(decode_records, (PacketError,), (bytes(1785), bytes(range(256)) * 7)),
        "numbers to send": Target(send, (ValueError,), doubles),
        "targets": Target(
            read_words, (SettingsError,), (b"vmc://127.0.0.1:39539?fps=30&model=vrm0", b"[::1]:11573", b"json+ws://h:1")
        ),
        "addresses": Target(
            read_address, (CaptureError, ControlMessageError),
            (b"http://me:pw@192.168.1.5:8080/video?pwd=1", b"rtsp://[::1]:554/live", b"127.0.0.1:99:token"),
        ),
        "command line": Target(
            read_command, (SettingsError, SystemExit),
            (b"-c 0 --model 3 --faces 2 -F 30 --target vmc://a:1 --exposure auto --fov 60", b"--capt demo -W 64 -m 1"),
        ),
        "MJPEG": Target(read_parts, (PartsError,), (jpeg_part * 3, b"--b\r\n\r\nhello--b\r\n\r\nyou--b")),
        "kinds of files": Target(
            in_file("a.bin", kind_of_file), (CaptureError,),
            (b"\x89PNG\r\n\x1a\n" + bytes(30) + b"acTL", b"RIFF\0\0\0\0WEBPVP8X" + bytes(20), b"hello you", bytes(50)),
        ),
    }  # fmt: skip


def run(cases: int, seed: int = 0) -> list[str]:
    """Feed `cases` inputs, shared among the targets. Returns what went wrong, a line each."""
    logger = logging.getLogger("tracker")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        return _run(cases, seed)
    finally:
        logger.setLevel(level)


def _run(cases: int, seed: int) -> list[str]:
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        fed = targets(Path(folder))
        for name, target in fed.items():
            random_ = random.Random(f"{name} {seed}")
            ends: Counter[str] = Counter()
            for _ in range(max(1, cases // len(fed))):
                data = case(target, random_)
                begun_s = time.monotonic()
                try:
                    target.read(data)
                    ends["read"] += 1
                except target.promised as error:
                    ends["refused"] += 1
                    if len(str(error)) > 2000 + 2 * len(data):  # some repeat what they were given
                        failures.append(f"{name}: a message of {len(str(error))} characters for {data[:200]!r}")
                except Exception as error:
                    failures.append(f"{name}: {type(error).__name__}: {str(error)[:200]} for {data[:300]!r}")
                if time.monotonic() - begun_s > 5.0:
                    failures.append(f"{name}: {time.monotonic() - begun_s:.1f} s for {data[:200]!r}")
                if len(failures) > 50:
                    return failures
            sys.stdout.write(f"{name}: {dict(ends)}, {len(failures)} failures so far\n")
            sys.stdout.flush()
    return failures


def main(cases: int = 100_000, seed: int = 0) -> int:
    """Print what went wrong. Returns 1 when anything did."""
    failures = run(cases, seed)
    sys.stdout.write("".join(f"FAILED {failure}\n" for failure in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
