"""Pictures over HTTP as phones and network cameras offer them: an MJPEG stream, or one picture for each request.

Read here and not by OpenCV's FFmpeg, which gives up on a single picture, keeps the first picture's size for ever and
tells nothing about what went wrong.
"""

from __future__ import annotations

import contextlib
import email.message
import hashlib
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from tracker.capture.clock import FrameClock
from tracker.capture.jpeg_parts import MAX_PICTURE_BYTES, JpegParts, PartsError
from tracker.capture.opencv import Image, as_bgr
from tracker.capture.stream_address import credentials, without_credentials, without_password
from tracker.errors import CaptureError
from tracker.opencv_path import opencv_url
from tracker.rate_limit import CAMERA_TOLERANCE, RateLimiter
from tracker.types import Frame

logger = logging.getLogger(__name__)

POLLS_PER_S = 30.0
"""How often a picture is asked for where no rate was wished."""
SAME_UNTIL_SLOW, SLOW_POLL_S = 30, 1.0
"""A camera never gives the same bytes so many times in a row; what does is a file, asked for once a second."""
FIRST_PICTURE_TRIES = 5
_CHUNK = 1 << 16
_TRY = "try the addresses that the app shows, such as http://PHONE:8080/video or http://PHONE:8080/shot.jpg"


class NotPicturesError(Exception):
    """The address answers, but with something that FFmpeg should try."""


class HttpPictures:
    """The pictures at `url`, live. Used as a `FrameSource`; `open` raises NotPicturesError for other content."""

    is_live = True
    frame_count: int | None = None

    def __init__(
        self, url: str, frame_clock: FrameClock, *, fps: float = 0.0, limits_s: tuple[float, float] = (10.0, 4.0)
    ) -> None:
        """fps: the most frames per second that are delivered, 0 = all. limits_s: to open, and to wait for a picture."""
        self.name = without_password(url)
        self._url = without_credentials(opencv_url(url))
        self._frame_clock = frame_clock
        self._open_timeout_s, self._read_timeout_s = limits_s
        self._poll_s = 1.0 / (fps if fps > 0 else POLLS_PER_S)
        self._rate_limiter = RateLimiter(fps, CAMERA_TOLERANCE)
        self._closed = threading.Event()
        self._opener = _opener(url)
        self._response: http.client.HTTPResponse | None = None
        self._parts: JpegParts | None = None
        self._polled: bytes = b""
        self._image: Image | None = None
        self._same = 0
        self._next_poll_s = 0.0
        self._next_frame_s = 0.0

    def open(self) -> str:
        self._closed.clear()
        response = self._request(self._open_timeout_s)
        kind = response.headers.get_content_maintype()
        try:
            if kind == "multipart":
                self._response = response
                self._parts = JpegParts(_boundary(response.headers))
                for _ in range(FIRST_PICTURE_TRIES):  # some begin in the middle of one
                    self._image = _decoded(self._next_part())
                    if self._image is not None:
                        break
                what = "MJPEG over HTTP"
            elif kind == "image":
                with response:
                    self._polled = _all_of(response)
                self._image = _decoded(self._polled)
                self._next_poll_s = self._next_frame_s = time.monotonic()
                what = "a picture, asked for again and again"
            else:
                response.close()
                if response.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
                    raise CaptureError(f"{self.name} is a web page, not a picture or stream; {_TRY}")
                raise NotPicturesError
        except (OSError, http.client.HTTPException, PartsError) as error:
            raise CaptureError(f"{self.name} gives no picture: {_reason(error)}") from error
        if self._image is None:
            self.close()
            raise CaptureError(f"{self.name} gives no picture that can be decoded; {_TRY}")
        return f"{self.name}: {self._image.shape[1]}x{self._image.shape[0]}, {what}, live"

    def read(self) -> Frame | None:
        try:
            return self._read_stream() if self._parts is not None else self._read_polled()
        except (OSError, http.client.HTTPException, PartsError) as error:
            if self._closed.is_set():
                return None
            raise CaptureError(f"{self.name} stopped: {_reason(error)}") from error

    def close(self) -> None:
        self._closed.set()
        if self._response is not None:
            with contextlib.suppress(OSError):
                self._response.close()

    def _read_stream(self) -> Frame | None:
        image, self._image = self._image, None
        while image is None and not self._closed.is_set():
            data = self._next_part()
            if self._rate_limiter.allows(time.monotonic()):
                image = _decoded(data)
        return None if image is None else self._frame_clock.stamp(image)

    def _next_part(self) -> bytes:
        """The newest picture that came. Waits for it."""
        assert self._parts is not None and self._response is not None
        while True:
            data = self._response.read1(_CHUNK)
            if not data:
                raise ConnectionError("the other side hung up")
            if parts := self._parts.feed(data):
                return parts[-1]  # more than one at a time means that we are behind

    def _read_polled(self) -> Frame | None:
        while True:
            self._closed.wait(max(0.0, self._next_frame_s - time.monotonic()))
            if self._closed.is_set():
                return None
            now_s = time.monotonic()
            self._next_frame_s = max(self._next_frame_s + self._poll_s, now_s)
            if now_s >= self._next_poll_s:
                self._poll()
            if self._image is not None:
                return self._frame_clock.stamp(self._image)

    def _poll(self) -> None:
        """Ask for the picture again. What cannot be decoded is left out."""
        with self._request(self._read_timeout_s) as response:
            if response.headers.get_content_maintype() != "image":
                raise ConnectionError(f"it answers with {response.headers.get_content_type()[:40]} and no picture")
            data = _all_of(response)
        if data == self._polled:
            self._same += 1
        else:
            self._polled, self._same = data, 0
            self._image = _decoded(data)
        self._next_poll_s = time.monotonic() + (SLOW_POLL_S if self._same >= SAME_UNTIL_SLOW else 0.0)

    def _request(self, timeout_s: float) -> http.client.HTTPResponse:
        """The answer to a GET, its headers read. Raises CaptureError that says what to try."""
        request = urllib.request.Request(self._url, headers={"User-Agent": "facetracker", "Accept": "*/*"})
        try:
            response: http.client.HTTPResponse = self._opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            error.close()
            raise CaptureError(f"{self.name}: {_refusal(error.code, self.name)}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CaptureError(f"{self.name} cannot be opened: {_reason(error)}") from error
        # Connecting may take longer than a picture should.
        with contextlib.suppress(AttributeError, OSError):
            response.fp.raw._sock.settimeout(self._read_timeout_s)  # type: ignore[attr-defined]
        return response


class _DigestHandler(urllib.request.HTTPDigestAuthHandler):
    """As urllib's, for passwords in any script and with SHA-256 as well."""

    def get_algorithm_impls(self, algorithm: str) -> tuple[Any, Any]:
        name = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256"}.get(algorithm)
        if name is None:
            raise ValueError(f"it asks for the digest {algorithm[:20]}, which is not supported")

        def hashed(text: str) -> str:
            return hashlib.new(name, text.encode("utf-8"), usedforsecurity=False).hexdigest()

        return hashed, lambda secret, data: hashed(f"{secret}:{data}")


def _opener(url: str) -> urllib.request.OpenerDirector:
    """What opens `url`: with its user and password, without proxies, as cameras stand in the same house."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    given = credentials(url)
    plain = without_credentials(opencv_url(url))
    if given is not None:
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, plain, *given, is_authenticated=False)
        handlers += [urllib.request.HTTPBasicAuthHandler(passwords), _DigestHandler(passwords)]
    if url.startswith("https:") and _is_near(urlsplit(plain).hostname or ""):
        # A camera in the house signs its own certificate; nobody could have vouched for it.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


def _is_near(host: str) -> bool:
    """Whether `host` is an address of a home network or of this machine."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")


def _boundary(headers: email.message.Message) -> bytes:
    return str(headers.get_param("boundary") or "").encode("latin-1", "replace")


def _all_of(response: http.client.HTTPResponse) -> bytes:
    data = response.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise PartsError(f"a picture is larger than {MAX_PICTURE_BYTES} bytes")
    return data


def _decoded(data: bytes) -> Image | None:
    """(H, W, 3) BGR, upright; None for what is damaged."""
    if not data:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return None if image is None else as_bgr(image)
    except (cv2.error, CaptureError, MemoryError):
        return None


def _refusal(code: int, name: str) -> str:
    """What an HTTP status means for who wants pictures."""
    if code == 401:
        if ":***@" in name:
            return "the user or password is wrong"
        return "it wants a user and a password; write http://USER:PASSWORD@HOST:PORT/PATH"
    if code == 403:
        return "it does not let this computer in; see the app's settings"
    if code == 404:
        return f"there is nothing at this path; {_TRY}"
    return f"the server answers with status {code} ({http.client.responses.get(code, 'unknown')})"


def _reason(error: Exception) -> str:
    """What went wrong, in words that say what to try."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "no answer in time; is the phone in the same network, and the app in front?"
    if isinstance(cause, ConnectionRefusedError):
        return "nobody answers at this port; is the app's server started, and the port right?"
    if isinstance(cause, socket.gaierror):
        return "this name is not known; write the address that the app shows, such as 192.168.1.5"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "its certificate is not trusted; write http:// where the server allows it"
    if isinstance(cause, ssl.SSLError):
        return "it does not speak TLS; write http:// instead of https://"
    if isinstance(cause, http.client.BadStatusLine | http.client.LineTooLong):
        return "what answers does not speak HTTP; is it rtsp://, or another port?"
    if isinstance(cause, http.client.IncompleteRead):
        return "the other side hung up in the middle of a picture"
    if isinstance(cause, OSError):
        return cause.strerror or str(cause)
    return str(cause)[:100] or type(cause).__name__
