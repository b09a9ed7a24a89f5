"""Which codec a video needs that this OpenCV lacks."""

from __future__ import annotations

import re
from pathlib import Path

_LOOK_BYTES = 1 << 20
"""The description of the streams is at a file's beginning or end."""
_NAMES = {
    "av01": "AV1", "vvc1": "VVC (H.266)", "vvi1": "VVC (H.266)", "hvc1": "HEVC (H.265)", "hev1": "HEVC (H.265)",
    "avc1": "H.264", "vp09": "VP9", "vp08": "VP8", "ap4h": "ProRes 4444", "apch": "ProRes 422 HQ",
    "aprn": "ProRes RAW", "aprh": "ProRes RAW HQ", "dvh1": "Dolby Vision", "apv1": "APV", "evc1": "EVC",
}  # fmt: skip
_MATROSKA = re.compile(rb"V_(AV1|MPEGH/ISO/HEVC|MPEGI/ISO/VVC|MPEG4/ISO/AVC|VP8|VP9|PRORES|FFV1|MS/VFW/FOURCC)")
_MATROSKA_NAMES = {"MPEGH/ISO/HEVC": "HEVC (H.265)", "MPEGI/ISO/VVC": "VVC (H.266)", "MPEG4/ISO/AVC": "H.264"}


def codec_name(fourcc: str) -> str | None:
    """What people call the codec of these four letters; the letters themselves where nobody does, None for none."""
    letters = fourcc.strip()
    return _NAMES.get(letters.lower(), letters) or None


def codec_in(path: Path) -> str | None:
    """The video codec that the container names, found without decoding it; None where it cannot be told."""
    try:
        with path.open("rb") as file:
            head = file.read(_LOOK_BYTES)
            size = file.seek(0, 2)
            file.seek(max(len(head), size - _LOOK_BYTES))
            looked = head + file.read(_LOOK_BYTES)
    except OSError:
        return None
    if (matroska := _MATROSKA.search(looked)) is not None:
        name = matroska[1].decode("ascii")
        return _MATROSKA_NAMES.get(name, name)
    # ISO media: the list of sample descriptions, its version and count, then the size and kind of the first one.
    for found in re.finditer(rb"stsd\0\0\0\0\0\0\0.[\0-\xff]{4}([A-Za-z0-9]{4})", looked, re.DOTALL):
        name = found[1].decode("ascii")
        if name.lower() in _NAMES:
            return _NAMES[name.lower()]
    return None
