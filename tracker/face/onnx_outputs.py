"""Take outputs off a network before it is loaded, so that what only they need is never computed.

ONNX Runtime computes every node of a loaded graph, whichever outputs are fetched. An ONNX file is a protocol buffer:
`ModelProto.graph` is its field 7; `GraphProto` lists its nodes in field 1, each after those it needs, and its outputs
in field 12; `NodeProto` names inputs in field 1 and outputs in field 2, a value its name in field 1 (onnx.proto). All
of them are length-delimited. Graphs within nodes are not looked into: our networks have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_NODE_INPUT, _NODE_OUTPUT, _VALUE_NAME = 1, 2, 1
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5


def keep_outputs(model: bytes, names: Collection[str]) -> bytes:
    """The ONNX file `model` with only those of its outputs whose names are in `names`, and what they need.

    Raises ValueError where `model` is not a protocol buffer.
    """
    kept = bytearray()
    for field, whole, content in _fields(model):
        if field == _GRAPH and content is not None:
            graph = _trim(content, names)
            kept += _varint(_GRAPH << 3 | _DELIMITED) + _varint(len(graph)) + graph
        else:
            kept += whole
    return bytes(kept)


def _trim(graph: bytes, names: Collection[str]) -> bytes:
    needed = set(names)
    kept: list[bytes] = []
    for field, whole, content in reversed(list(_fields(graph))):
        if field == _OUTPUT and _strings(content, _VALUE_NAME)[0] not in names:
            continue
        if field == _NODE:
            if needed.isdisjoint(_strings(content, _NODE_OUTPUT)):
                continue
            needed.update(_strings(content, _NODE_INPUT))
        kept.append(whole)
    return b"".join(reversed(kept))


def _strings(message: bytes | None, number: int) -> list[str]:
    """What the fields `number` of `message` hold, as text."""
    found = (content for field, _, content in _fields(message or b"") if field == number)
    return [content.decode() for content in found if content is not None]


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Number, all bytes, and for length-delimited ones the content of each field of `message`."""
    at = 0
    while at < len(message):
        begin = at
        key, at = _read_varint(message, at)
        content, kind = None, key & 7
        if kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind == _FIXED64:
            at += 8
        elif kind == _FIXED32:
            at += 4
        elif kind == _DELIMITED:
            length, at = _read_varint(message, at)
            content = message[at : at + length]
            at += length
        else:
            raise ValueError(f"field kind {kind} is not one of a protocol buffer")
        if at > len(message):
            raise ValueError("the protocol buffer ends within a field")
        yield key >> 3, message[begin:at], content


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The number at `at` and where it ends."""
    number = shift = 0
    while at < len(message):
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return number, at
    raise ValueError("the protocol buffer ends within a number")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
