"""Servers on the loopback that behave as camera apps and network cameras do, well and badly."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
USER, PASSWORD = "me", "se:cr@t/ä"
ESCAPED = "se%3Acr%40t%2F%C3%A4"
_REALM, _NONCE = "camera", "0a1b2c"


class Phone:
    """An HTTP server; `paths` says what each path answers. `url(path)` is where. Counts requests in `asked`."""

    def __init__(self, paths: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]]) -> None:
        self.asked: list[str] = []
        self.ending = threading.Event()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            phone = owner

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                owner.asked.append(self.path)
                answer = paths.get(self.path)
                with contextlib.suppress(OSError):
                    if answer is None:
                        self.send_error(404)
                    else:
                        answer(self)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def url(self, path: str, credentials: str = "", scheme: str = "http") -> str:
        return f"{scheme}://{credentials}127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()


def reply(request: Any, data: bytes, kind: str = "image/jpeg", status: int = 200, **headers: str) -> None:
    """A whole answer."""
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(data)


def mjpeg(
    jpegs: Iterator[bytes],
    *,
    boundary: str = "frame",
    announced: str | None = None,
    with_length: bool = True,
    interval_s: float = 0.01,
    then: str = "hang up",
) -> Callable[[Any], None]:
    """Answers with a stream of `jpegs`. announced: the boundary as the header tells it, where that differs.

    then: at the end ``hang up`` or ``stall``.
    """

    def answer(request: Any) -> None:
        request.send_response(200)
        kind = f"multipart/x-mixed-replace; boundary={boundary if announced is None else announced}"
        request.send_header("Content-Type", kind)
        request.end_headers()
        for data in jpegs:
            length = f"Content-Length: {len(data)}\r\n" if with_length else ""
            head = f"--{boundary}\r\nContent-Type: image/jpeg\r\n{length}\r\n"
            request.wfile.write(head.encode() + data + b"\r\n")
            if request.phone.ending.wait(interval_s):
                return
        if then == "stall":
            request.phone.ending.wait(30)

    return answer


def with_basic(answer: Callable[[Any], None]) -> Callable[[Any], None]:
    """`answer` for who shows user and password."""
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def guarded(request: Any) -> None:
        if request.headers.get("Authorization") == f"Basic {token}":
            answer(request)
        else:
            reply(request, b"no", "text/plain", 401, WWW_Authenticate=f'Basic realm="{_REALM}", charset="UTF-8"')

    return guarded


def with_digest(answer: Callable[[Any], None]) -> Callable[[Any], None]:
    """`answer` for who can hash user and password."""

    def guarded(request: Any) -> None:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization") or ""))
        if given.get("response") == digest("GET", request.path, given, PASSWORD):
            answer(request)
        else:
            challenge = f'Digest realm="{_REALM}", nonce="{_NONCE}", qop="auth", algorithm=MD5'
            reply(request, b"no", "text/plain", 401, WWW_Authenticate=challenge)

    return guarded


def digest(method: str, uri: str, given: dict[str, str], password: str) -> str:
    """RFC 2617's response."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    whose, what = md5(f"{USER}:{_REALM}:{password}"), md5(f"{method}:{uri}")
    if "qop" in given:
        return md5(f"{whose}:{_NONCE}:{given.get('nc')}:{given.get('cnonce')}:auth:{what}")
    return md5(f"{whose}:{_NONCE}:{what}")


class RtspCamera:
    """Serves `jpegs` as RTP/JPEG (RFC 2435) over RTSP's own connection, to who knows USER and `password`.

    then: at the end ``hang up`` or ``stall``. Sizes are multiples of 8, of at most 2040.
    """

    def __init__(self, jpegs: Callable[[], Iterator[bytes]], password: str | None = None, then: str = "stall") -> None:
        self.jpegs, self.password, self.then = jpegs, password, then
        self.ending = threading.Event()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    owner._converse(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, credentials: str = "", path: str = "/live") -> str:
        return f"rtsp://{credentials}127.0.0.1:{self._server.server_address[1]}{path}"

    def close(self) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()

    def _converse(self, handler: socketserver.StreamRequestHandler) -> None:
        while line := handler.rfile.readline().decode().strip():
            method, uri, _ = line.split(" ")
            headers = {}
            while header := handler.rfile.readline().decode().strip():
                name, _, value = header.partition(":")
                headers[name.strip().lower()] = value.strip()
            answer, body = "", b""
            status = "200 OK"
            if method != "OPTIONS" and not self._may(method, uri, headers.get("authorization", "")):
                status, answer = "401 Unauthorized", f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{_NONCE}"\r\n'
            elif method == "OPTIONS":
                answer = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == "DESCRIBE" and "/live" not in uri:
                status = "404 Not Found"
            elif method == "DESCRIBE":
                body = (
                    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                    b"m=video 0 RTP/AVP 26\r\na=control:track1\r\n"
                )
                answer = f"Content-Type: application/sdp\r\nContent-Base: {uri}/\r\nContent-Length: {len(body)}\r\n"
            elif method == "SETUP":
                answer = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            elif method == "PLAY":
                answer = "Session: 1\r\n"
            head = f"RTSP/1.0 {status}\r\nCSeq: {headers.get('cseq', '0')}\r\n{answer}\r\n"
            handler.wfile.write(head.encode() + body)
            if method == "PLAY":
                self._play(handler)
                return

    def _may(self, method: str, uri: str, authorization: str) -> bool:
        if self.password is None:
            return True
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization))
        return given.get("username") == USER and given.get("response") == digest(method, uri, given, self.password)

    def _play(self, handler: socketserver.StreamRequestHandler) -> None:
        sequence = 0
        for number, jpeg in enumerate(self.jpegs()):
            packets = rtp_jpeg(jpeg, number, sequence)
            sequence += len(packets)
            handler.wfile.write(b"".join(b"$\0" + struct.pack(">H", len(packet)) + packet for packet in packets))
            if self.ending.wait(0.02):
                return
        if self.then == "stall":
            self.ending.wait(30)


def rtp_jpeg(jpeg: bytes, number: int, sequence: int) -> list[bytes]:
    """The RTP packets of one picture, whose colour is at half resolution in both directions."""
    tables, width, height, at = b"", 0, 0, 2
    while True:
        marker, length = struct.unpack(">HH", jpeg[at : at + 4])
        content = jpeg[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xFFDB:
            for start in range(0, len(content), 65):
                tables += content[start + 1 : start + 65]
        elif marker == 0xFFC0:
            height, width = struct.unpack(">HH", content[1:5])
        elif marker == 0xFFDA:
            break
    scan = jpeg[at:-2]
    packets, offset = [], 0
    while offset < len(scan):
        head = struct.pack(">I", offset) + bytes((1, 255, width // 8, height // 8))
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        part = scan[offset : offset + 1200]
        offset += len(part)
        last = 0x80 if offset == len(scan) else 0
        rtp = struct.pack(">BBHII", 0x80, 26 | last, (sequence + len(packets)) & 0xFFFF, number * 3000, 1)
        packets.append(rtp + head + part)
    return packets


def silent_port() -> tuple[socket.socket, int]:
    """A port where connections are accepted by the system and nobody answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, int(listening.getsockname()[1])
