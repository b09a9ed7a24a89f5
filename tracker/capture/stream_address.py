"""What the user wrote as the address of a stream or file: recognised, put right, fit to be shown."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from tracker.errors import CaptureError

SCHEMES = (
    "http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "tls", "srt", "mms", "mmsh", "mmst",
)  # fmt: skip
"""What FFmpeg opens."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
# A name with a point or an address, then a port or a path: 192.168.1.5:8080/video. Cameras' paths have no point there.
_HOST_AND_MORE = re.compile(r"(?:(?:[\w-]+\.)+[\w-]+|localhost|\[[0-9A-Fa-f:.]+\])(?::\d{1,5}(?:/\S*)?|/\S*)")
_TORN_SCHEME = re.compile(r"(https?|rtsps?|rtmps?|udp|tcp|srt):/?(?!/)(.+)", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"([?&;/](?:password|passwd|pass|pwd|token|secret|key|auth)=)[^&;/]*", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Whether `text` begins with a scheme, as in ``rtsp://...``."""
    return _SCHEME.match(text) is not None


def as_path(text: str) -> str:
    """`text` as the path it would be if it named a file: a ``file:`` URL's, or itself."""
    if not text.lower().startswith("file:"):
        return text
    from urllib.request import url2pathname  # loads HTTP and TLS: a twentieth of the whole start

    return url2pathname(urlsplit(text).path)


def normalised(url: str) -> str:
    """`url` with its scheme in small letters. Raises CaptureError for a kind of stream that does not exist."""
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else ""
    if scheme not in SCHEMES:
        raise CaptureError(
            f"{without_password(url)}: there is no kind of stream '{scheme}'; "
            "addresses begin with http://, https:// or rtsp://"
        )
    url = scheme + url[len(scheme) :]
    try:
        parts = urlsplit(url)
        # udp://:1234 listens at every address. Reading the port raises ValueError for what is not one.
        usable = (bool(parts.hostname) or scheme in ("udp", "rtp", "tcp", "srt")) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise CaptureError(
            f"{without_password(url)} is not an address; write it as {scheme}://HOST:PORT/PATH "
            "(in a password, write @ as %40, : as %3A and / as %2F)"
        )
    return url


def hint_for(text: str) -> str | None:
    """What the user may have meant by `text`, which is neither a URL nor a file; None without an idea."""
    if (torn := _TORN_SCHEME.fullmatch(text)) is not None:
        return f"{torn[1].lower()}://{torn[2]}"
    if _HOST_AND_MORE.fullmatch(text):
        return f"rtsp://{text}" if re.search(r":8?554\b", text) else f"http://{text}"
    return None


def credentials(url: str) -> tuple[str, str] | None:
    """User and password in `url`; None where there are none."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def without_credentials(url: str) -> str:
    """`url` as it is asked for: without user, password and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()


def without_password(url: str) -> str:
    """`url` as it may be shown and logged."""
    shown = re.sub(r"^([^/]*//[^/@:]*):[^/]*@", r"\1:***@", url)
    if shown == url and "@" in url and re.match(r"[^/]*//[^/@:]*:(?!\d{1,5}(?:/|$))", url):
        # No port after the first colon, so it is a password, with a slash in it that should have been escaped.
        shown = re.sub(r"^([^/]*//[^/@:]*):.*@", r"\1:***@", url)
    return _SECRET_VALUE.sub(r"\1***", shown)
