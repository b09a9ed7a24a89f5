"""Shared libraries that wheels bring along, and their licences.

A wheel's own notices cover most of them; this table says it briefly, and for those that a notice leaves out.
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from inventory import Component

_GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
_LGPL = "LGPL-2.1-or-later"

# Patterns over the name without version, in the order they are tried; facts from the projects themselves.
KNOWN: tuple[tuple[str, str], ...] = (
    ("libopenblas*|libscipy_openblas*", "BSD-3-Clause"),
    ("libgfortran|libquadmath|libgcc_s|libstdc++|libgomp", _GCC),
    ("libav*if", "BSD-2-Clause"),
    ("libavcodec|libavdevice|libavfilter|libavformat|libavutil|libsw*|libpostproc", _LGPL),
    ("opencv_videoio_ffmpeg*", _LGPL),
    ("libx264|libx265", "GPL-2.0-or-later"),
    ("libQt5*|libqxcb|libqcocoa", "LGPL-3.0-only"),
    ("libaom|libsvtav1enc|libdav1d|librav1e", "BSD-2-Clause"),
    ("libvpx|libjxl*|libwebp*|libsharpyuv|libopus|libvorbis*|libogg|libtheora*|libspeex", "BSD-3-Clause"),
    ("libcrypto|libssl", "OpenSSL, or Apache-2.0 from version 3"),
    ("libpng*", "libpng-2.0"),
    ("libpcre2*", "BSD-3-Clause"),
    ("libx11*|libxcb*|libxau|libxdmcp|libxext|libxkbcommon*|libdrm|libice|libsm", "MIT"),
    ("msvcp140*|vcruntime140*|concrt140*", "Microsoft Visual C++ redistributable"),
)


SCRIPTS = {"nicegui/elements/scene/dist/index.js": ("three.js with its glTF loader", "MIT")}
"""Other files that hold somebody else's library."""


def vendored_libraries(component: Component) -> list[tuple[str, str]]:
    """(library, licence) of the shared libraries in `component` that are not extension modules of its own."""
    if component.kind != "distribution":
        return []
    found: dict[str, str] = {}
    for name, _ in component.files:
        if name in SCRIPTS:
            library, licence = SCRIPTS[name]
            found[library] = licence
        elif is_vendored(name):
            found[Path(name).name] = licence_of(Path(name).name)
    return sorted(found.items())


def is_vendored(name: str) -> bool:
    """Whether `name`, a path inside the bundle, is a library that a wheel brought along."""
    path = Path(name)
    in_folder = any(part.endswith((".libs", ".dylibs")) for part in path.parts[:-1])
    return in_folder or "plugins" in path.parts or path.name.startswith("opencv_videoio_ffmpeg")


def licence_of(file: str) -> str:
    """The licence of a library by its file name, or a pointer to the package's notices."""
    stem = re.split(r"[-.]\d|-[0-9a-f]{8}|\.so|\.dylib|\.dll", file, maxsplit=1)[0].lower()
    for patterns, licence in KNOWN:
        if any(fnmatch.fnmatch(stem, pattern.lower()) for pattern in patterns.split("|")):
            return licence
    return "see the package's notices"
