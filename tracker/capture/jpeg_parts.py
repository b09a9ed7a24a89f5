"""Cuts a stream of bytes into the pictures of an MJPEG stream over HTTP (multipart/x-mixed-replace)."""

from __future__ import annotations

MAX_PICTURE_BYTES = 64 << 20
_MAX_HEAD_BYTES = 16 << 10
_HEAD_END = b"\r\n\r\n"


class PartsError(ValueError):
    """The bytes are no such stream; the message says why."""


class JpegParts:
    """Takes bytes as they come, gives each part's content once it is whole.

    boundary: what parts are separated by, as the Content-Type tells, with or without the two dashes that belong to it:
    cameras do either. A part's length is read from its head where that tells it, and looked for where it does not.
    Holds at most one picture and what came with its end.
    """

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"--" + boundary.strip(b"-") if boundary.strip(b"-") else b"--"
        self._kept = bytearray()
        self._length: int | None = None
        self._in_body = False
        self._searched = 0
        self._passed = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The parts that `data` completes, oldest first. Raises PartsError where there cannot be a picture any more."""
        self._kept += data
        parts: list[bytes] = []
        while True:
            part = self._body() if self._in_body else self._head()
            if part is None:
                return parts
            if part:
                parts.append(part)

    def _head(self) -> bytes | None:
        """b"" once the head of the next part was passed, None while it is not all there."""
        begin = self._kept.find(self._mark)
        # What stands before a head is of no use, and must not be searched again and again.
        passed = begin if begin >= 0 else max(0, len(self._kept) - len(self._mark) + 1)
        del self._kept[:passed]
        self._passed += passed
        end = self._kept.find(_HEAD_END) if begin >= 0 else -1
        if end < 0:
            if self._passed > MAX_PICTURE_BYTES or len(self._kept) > _MAX_HEAD_BYTES:
                raise PartsError("no picture begins where one should")
            return None
        self._length = _content_length(bytes(self._kept[:end]))
        del self._kept[: end + len(_HEAD_END)]
        self._in_body, self._passed = True, 0
        self._searched = 0
        return b""

    def _body(self) -> bytes | None:
        """The content once it is whole."""
        if self._length is not None:
            if len(self._kept) < self._length:
                return None
            end = self._length
        else:
            end = self._kept.find(self._mark, self._searched)
            if end < 0:
                self._searched = max(0, len(self._kept) - len(self._mark))
                if len(self._kept) > MAX_PICTURE_BYTES:
                    raise PartsError(f"a picture is larger than {MAX_PICTURE_BYTES} bytes")
                return None
        part = bytes(self._kept[:end])
        del self._kept[:end]
        self._in_body = False
        return part.rstrip(b"\r\n") or b""


def _content_length(head: bytes) -> int | None:
    """What the head says; None when it says nothing usable. Raises PartsError for a length beyond reason."""
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        value = value.strip()
        if colon and name.strip().lower() == b"content-length" and value.isdigit() and len(value) < 20:
            length = int(value)
            if length > MAX_PICTURE_BYTES:
                raise PartsError(f"a picture of {length} bytes is announced")
            return length or None
    return None
