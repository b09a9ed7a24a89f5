"""Whatever JSON others write: a value within limits, or the one error that is promised."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launcher.profiles import ProfileError, load_profile
from protocol import vtubestudio
from protocol.control import ControlMessageError, decode, encode
from protocol.foreign_json import ForeignJsonError, parse_json, printable
from tracker.app.profile import load_profile as load_user_profile
from tracker.errors import ModelError, SettingsError
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.manifest import read_manifest
from tracker.output.formats.vrm_bones import read_bones
from tracker.output.formats.vts.tokens import Tokens

HOSTILE = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep, never closed": b"[" * 100_000,
    "a long integer": b'{"a":' + b"9" * 400 + b"}",
    "a very long integer": b'{"a":' + b"9" * 100_000 + b"}",
    "a long fraction": b'{"a":0.' + b"1" * 5000 + b"}",
    "too large": b'{"a":1e999}',
    "infinity": b'{"a":Infinity}',
    "not a number": b'{"a":NaN}',
    "half a character": b'{"a":"\\ud800"}',
    "half a character as a name": b'{"\\udfff":1}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "not UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "nothing": b"",
    "NUL": b"\0",
    "two values": b"{}{}",
    "much": b'"' + b"x" * (40 << 20) + b'"',
}
PROBES: list[Any] = [
    None, True, -1, 0, 1e39, 1e300, -1e39, 10**39, "", "x" * 100_000, [], [[]], [1, "2", None],
    {}, {"a": {}}, [[1, 2], [3]],
]  # fmt: skip
"""What stands where something else is expected."""


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_refused_with_the_promised_error(kind: str) -> None:
    with pytest.raises(ForeignJsonError) as refused:
        parse_json(HOSTILE[kind])
    assert len(str(refused.value)) < 200 and "\n" not in str(refused.value)


def test_what_people_write_is_read() -> None:
    text = {
        "nested": {"deep": [[[1, -2.5, 1e-300, 2**63]]]},
        "name": "顔 \N{GRINNING FACE} é",
        "none": None,
        "on": True,
    }
    assert parse_json(json.dumps(text)) == text  # the face as two escapes
    assert parse_json(json.dumps(text, ensure_ascii=False).encode("utf-8")) == text
    assert parse_json(b"\xef\xbb\xbf{}") == {}  # as Windows' editors save it


def test_texts_are_repaired_where_they_do_not_matter() -> None:
    assert parse_json(b'{"a":["\\ud800\xff"],"\\udc00":1}', repair_text=True) == {"a": ["��"], "�": 1}


def test_what_is_sent_is_whole_whatever_names_are_in_it() -> None:
    message = {"source": "caf\udce9 \ud83d", "face": "\N{GRINNING FACE} \\ud800", "n": [1, 2.5]}
    line = encode(message)
    assert line.isascii()
    assert decode(line) == {"source": "caf� �", "face": "\N{GRINNING FACE} \\ud800", "n": [1, 2.5]}


@pytest.mark.parametrize(
    "said",
    [
        "a\nfacetracker: error: forged",
        "\x1b[2J\x1b]0;title\x07",
        "a\u202eb\u2066c\ufeff",
        "\x85\u2028\u2029",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_foreign_text_is_shown_as_one_harmless_line(said: str) -> None:
    shown = printable(said)
    assert len(shown) <= 200 and len(shown.splitlines()) <= 1 and all(sign.isprintable() for sign in shown)


def vrm(body: bytes) -> bytes:
    """A binary glTF file of that JSON."""
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(body), len(body), 0x4E4F534A) + body


def good_vrm() -> dict[str, Any]:
    nodes = [{"children": [1], "rotation": [0, 0, 0, 1]}, {"translation": [0, 0.1, 0], "rotation": [0, 0, 0, 1]}]
    return {"nodes": nodes, "extensions": {"VRMC_vrm": {"humanoid": {"humanBones": {"head": {"node": 1}}}}}}


def read_vrm(folder: Path, data: bytes) -> object:
    (folder / "a.vrm").write_bytes(vrm(data))
    return read_bones(folder / "a.vrm")


def read_launcher_profile(folder: Path, data: bytes) -> object:
    (folder / "p.json").write_bytes(data)
    return load_profile("p", folder)


def read_networks(folder: Path, data: bytes) -> object:
    (folder / "manifest.json").write_bytes(data)
    return read_manifest(folder / "manifest.json")


def good_manifest() -> dict[str, Any]:
    entry = {"file": "a.onnx", "sha256": "0" * 64, "input": [1, 32, 32, 3], "outputs": ["a"], "threshold": 0.5}
    return {"version": 1, "networks": {"a": entry}}


READERS: dict[str, tuple[Callable[[Path, bytes], object], type[Exception], dict[str, Any]]] = {
    "vrm": (read_vrm, SettingsError, good_vrm()),
    "launcher profile": (
        read_launcher_profile, ProfileError,
        {"version": 1, "options": {"camera": "0", "fps": 30, "receivers": [{"host": "h", "port": 1, "switches": {}}]}},
    ),
    "manifest": (read_networks, ModelError, good_manifest()),
    "control line": (lambda folder, data: decode(data), ControlMessageError, {"command": "pause", "id": 1}),
    "vtube studio": (
        lambda folder, data: vtubestudio.parse_response(data), ValueError,
        {"apiName": "VTubeStudioPublicAPI", "messageType": "APIError", "requestID": "1", "data": {"errorID": 1}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "much"])
def test_every_reader_refuses_hostile_text_in_its_own_way(reader: str, kind: str, tmp_path: Path) -> None:
    read, promised, _ = READERS[reader]
    with pytest.raises(promised):
        read(tmp_path, HOSTILE[kind])


def misshapen(good: Any, random_: random.Random) -> Any:
    """`good` with something else at one place of it."""
    copy = json.loads(json.dumps(good))
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            walk(value[key])

    walk(copy)
    container, key = random_.choice(places)
    if isinstance(container, dict) and random_.random() < 0.2:
        del container[key]
    else:
        container[key] = random_.choice(PROBES)
    return copy


@pytest.mark.parametrize("reader", READERS)
def test_values_of_the_wrong_shape_give_the_promised_error_or_a_usable_value(reader: str, tmp_path: Path) -> None:
    read, promised, good = READERS[reader]
    read(tmp_path, json.dumps(good).encode())
    random_ = random.Random(1)
    for _ in range(400):
        content = misshapen(good, random_)
        if random_.random() < 0.3:
            content = misshapen(content, random_)
        try:
            read(tmp_path, json.dumps(content).encode())
        except promised:
            continue


def test_bones_that_are_read_fit_into_what_is_sent(tmp_path: Path) -> None:
    """A bone at 1e39 is a number, but not one of the wire's 32 bits."""
    far = good_vrm()
    far["nodes"][1]["translation"] = [0, 1e39, 0]
    with pytest.raises(SettingsError, match="1000"):
        read_vrm(tmp_path, json.dumps(far).encode())


def test_a_ring_of_a_thousand_bones_ends(tmp_path: Path) -> None:
    ring = good_vrm()
    ring["nodes"] = [{"children": [(number + 1) % 2000]} for number in range(2000)]
    with pytest.raises(SettingsError, match="ring"):
        read_vrm(tmp_path, json.dumps(ring).encode())


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(EngineOptions(model=-3))


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "infinity": lambda kept: kept["coefficients"]["rest"].__setitem__("mouthPucker", math.inf),
    "infinite reach": lambda kept: kept["features"]["reach"][0].__setitem__(0, math.inf),
    "too large": lambda kept: kept["coefficients"]["rest"].__setitem__("mouthPucker", 10**400),
    "nan": lambda kept: kept["eyes"]["habit"].__setitem__(0, math.nan),
    "a text": lambda kept: kept["features"].__setitem__("reach", "wide"),
    "misshapen": lambda kept: kept["eyes"].__setitem__("habit", [[1], 2]),
    "missing": lambda kept: kept.pop("eyes"),
    "no object": lambda kept: kept.__setitem__("features", [1]),
    "damaged at its end": lambda kept: kept.__setitem__("coefficients", {"rest": {"jawOpen": "wide"}}),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_profile_changes_nothing(engine: Engine, kind: str) -> None:
    before = engine.export_profile()
    kept = json.loads(json.dumps(before))
    kept["features"]["reach"] = [[low * 1.01, high] for low, high in kept["features"]["reach"]]
    DAMAGE[kind](kept)
    with pytest.raises(ValueError):
        engine.import_profile(kept)
    assert engine.export_profile() == before


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "much"])
def test_a_hostile_profile_file_costs_one_warning(
    engine: Engine, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = engine.export_profile()
    (tmp_path / "p.json").write_bytes(HOSTILE[kind])
    load_user_profile(engine, tmp_path / "p.json")
    assert len(caplog.records) == 1 and "starting without it" in caplog.text
    assert engine.export_profile() == before


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "much"])
def test_a_hostile_token_file_counts_as_none(kind: str, tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_bytes(HOSTILE[kind])
    assert Tokens(tmp_path / "tokens.json").get("a") is None


def test_a_failure_that_vtube_studio_reports_is_one_short_line() -> None:
    body = {"apiName": "VTubeStudioPublicAPI", "messageType": "APIError", "requestID": "1"}
    body["data"] = {"errorID": 5, "message": "\x1b[31m" + "x\n" * 50_000}  # type: ignore[assignment]
    error = vtubestudio.parse_response(json.dumps(body)).error
    assert error is not None and len(error[1]) <= 200 and error[1].isprintable()
