"""Why a stream could not be opened: OpenCV says only that it was not, so its server is asked."""

from __future__ import annotations

import contextlib
import re
import socket
from urllib.parse import urlsplit

from tracker.capture.stream_address import credentials, without_credentials

LIMIT_S = 2.0
_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "http": 80, "https": 443}
_CHECK = "check the address"


def advice_on(url: str) -> str:
    """What to try, for the user. Takes a few seconds at most, and never fails."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    if parts.scheme not in _PORTS or parts.hostname is None or port is None:
        return _CHECK
    try:
        with socket.create_connection((parts.hostname, port), LIMIT_S) as connection:
            return _ask_rtsp(connection, url) if parts.scheme == "rtsp" else _CHECK
    except ConnectionRefusedError:
        return f"nobody answers at port {port}; is the app's server started, and the port right?"
    except TimeoutError:
        return "no answer; is the phone in the same network, and the app in front?"
    except socket.gaierror:
        return "its name is not known; write the address that the app shows, such as 192.168.1.5"
    except OSError as error:
        return f"{(error.strerror or str(error)).lower()}; {_CHECK}"


def _ask_rtsp(connection: socket.socket, url: str) -> str:
    """What the server says to a question for the stream, without user and password."""
    connection.settimeout(LIMIT_S)
    ask = f"DESCRIBE {without_credentials(url)} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    answer = b""
    with contextlib.suppress(TimeoutError):
        connection.sendall(ask.encode("utf-8", "replace"))
        answer = connection.recv(4096)
    found = re.match(rb"RTSP/\d\.\d (\d{3})", answer)
    if found is None:
        return "what answers there does not speak RTSP; is it http://, or another port?"
    code = int(found[1])
    if code == 401:
        if credentials(url) is None:
            return "it wants a user and a password; write rtsp://USER:PASSWORD@HOST:PORT/PATH"
        return "the user or password is wrong"
    if code == 404:
        return "there is no stream at this path; take the whole address from the camera's manual or app"
    if code >= 400:
        return f"the server answers with status {code}; {_CHECK}"
    return "the server has the stream but sends no picture; does another program use it?"
