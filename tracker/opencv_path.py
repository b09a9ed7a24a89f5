"""The one place through which file names reach OpenCV.

OpenCV takes UTF-8 and nothing else. A name with other bytes is legal on Linux, and under ``LC_ALL=C`` Python holds
every name that is not ASCII as surrogates: handed on as it is, either ends the process with a segmentation fault.
FFmpeg, for its part, takes what stands before a colon for a protocol.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_URL_SAFE = "".join(map(chr, range(0x21, 0x7F)))


def display_name(path: Path | str) -> str:
    """`path` as it may be shown and sent: whole Unicode, U+FFFD where a name is none."""
    return os.fsencode(path).decode("utf-8", "replace")


def opencv_url(url: str) -> str:
    """`url` with everything beyond ASCII, and spaces, written as escapes."""
    return quote(os.fsencode(url), safe=_URL_SAFE)


@contextmanager
def opencv_path(path: Path) -> Iterator[str]:
    """A name by which OpenCV can open or create `path` within the block: absolute and valid UTF-8.

    Where `path` itself is not, it is a link with the same suffix, which is gone after the block: an open file stays
    open. Raises OSError when no such link can be made.
    """
    absolute = Path(path).absolute()
    name = _as_utf8(absolute)
    if name is not None:
        yield name
        return
    # The suffix tells FFmpeg what kind of file to write.
    suffix = absolute.suffix if absolute.suffix.isascii() else ""
    with tempfile.TemporaryDirectory(prefix="facetracker-", ignore_cleanup_errors=True) as folder:
        link = Path(folder) / f"link{suffix}"
        if sys.platform == "win32" and absolute.exists():
            os.link(absolute, link)  # symbolic links are a privilege there
        else:
            link.symlink_to(absolute)
        name = _as_utf8(link)
        if name is None:
            raise OSError(f"the folder for temporary files has a name that is not UTF-8: {display_name(folder)}")
        yield name


def _as_utf8(path: Path) -> str | None:
    """The name whose UTF-8 bytes are those of `path` on the disk; None when there is none."""
    try:
        name = os.fsencode(path).decode("utf-8")
    except UnicodeError:
        return None
    return None if "\0" in name else name
