"""Framing of the control channel: whatever bytes come, lines come out or an error in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.control import ControlAddress, ControlMessageError, LineSplitter, decode, encode

LIMIT = 20


def test_an_address_survives_the_environment() -> None:
    address = ControlAddress("127.0.0.1", 49152, "a-token_with:colon")
    assert ControlAddress.parse(f" {address}\n") == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a loopback"),
        ("192.168.0.7:80:token", "not a loopback"),
        ("localhost:80:token", "not a loopback"),
        ("127.0.0.1", "not a port"),
        ("127.0.0.1:0:token", "not a port"),
        ("127.0.0.1:70000:token", "not a port"),
        ("127.0.0.1:x:token", "not a port"),
        ("127.0.0.1:80", "no token"),
        ("127.0.0.1:80:", "no token"),
    ],
)
def test_what_is_no_address_is_told(text: str, reason: str) -> None:
    with pytest.raises(ControlMessageError, match=reason):
        ControlAddress.parse(text)


@given(st.lists(st.binary(max_size=2 * LIMIT).filter(lambda line: b"\n" not in line)), st.integers(1, 7))
def test_lines_come_out_whole_however_they_are_cut(lines: list[bytes], step: int) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    splitter = LineSplitter(LIMIT)
    found = [line for start in range(0, len(stream), step) for line in splitter.feed(stream[start : start + step])]
    assert found == [line if len(line) <= LIMIT else None for line in lines]


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3))
)
def test_a_message_survives_in_one_line(message: dict[str, object]) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert decode(line) == message


@given(st.binary())
def test_any_bytes_are_a_message_or_an_error_in_words(line: bytes) -> None:
    try:
        assert isinstance(decode(line), dict)
    except ControlMessageError as error:
        assert str(error).startswith("the line cannot be read: ")


@pytest.mark.parametrize("line", [b"[" * 60_000, b'{"id":' + b"9" * 60_000 + b"}", b"[]", b"\xff", b""])
def test_monsters_are_refused(line: bytes) -> None:
    with pytest.raises(ControlMessageError):
        decode(line)


def test_what_json_does_not_know_is_not_sent() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"fps": float("nan")})
