"""What kind of file the user named, found from its first bytes."""

from __future__ import annotations

import codecs
import logging
import stat
from pathlib import Path
from typing import Literal

from tracker.errors import CaptureError
from tracker.opencv_path import display_name

logger = logging.getLogger(__name__)

_HEAD_BYTES = 4096

_STILL_SIGNATURES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\0",  # TIFF
    b"MM\0*",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"v/1\x01",  # OpenEXR
    b"#?RADIANCE",
    b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",  # portable pixmaps
)  # fmt: skip

# Streams of pictures that begin like one picture.
_MOVING_SUFFIXES = {".mjpg", ".mjpeg"}

# Texts that name pictures: playlists and session descriptions.
_TEXTS_FOR_DECODERS = (b"#EXTM3U", b"v=0")


def kind_of_file(path: Path) -> Literal["still", "animation", "video"]:
    """Whether `path` holds one picture, several in one file, or a video. Raises CaptureError for none of them."""
    name = display_name(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise CaptureError(f"{name} is a folder; name a video or picture file in it")
        if stat.S_ISFIFO(mode):
            logger.info("%s is a pipe: waiting for a video from whoever writes to it", name)
        if not stat.S_ISREG(mode):
            return "video"  # a pipe: what is read here would be missing later
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise CaptureError(f"{name} cannot be read: {error.strerror}") from error
    if not head:
        raise CaptureError(f"{name} is empty")
    if _is_animation(head):
        return "animation"
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    avif = head[4:12] == b"ftypavif"
    if (head.startswith(_STILL_SIGNATURES) or webp or avif) and path.suffix.lower() not in _MOVING_SUFFIXES:
        return "still"
    if _is_text(head) and not head.startswith(_TEXTS_FOR_DECODERS):
        # FFmpeg would "play" it as a terminal's screen.
        raise CaptureError(f"{name} is a text file, not a video or picture")
    return "video"


def _is_animation(head: bytes) -> bool:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        # acTL makes a PNG an animation; it stands before the first picture's data.
        return 0 < head.find(b"acTL") < (head.find(b"IDAT") if b"IDAT" in head else len(head))
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        return len(head) > 20 and bool(head[20] & 0x02)
    return head[4:12] == b"ftypavis"


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    try:
        # Not final: the last character may have been cut in the middle.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        return False
    return True
