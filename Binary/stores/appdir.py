"""Lays out an AppDir from the frozen build: `python appdir.py BUNDLE APPDIR`. `appimagetool APPDIR` packs it.

It can be tried unpacked: `APPDIR/AppRun` is what an AppImage starts.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import manifests
from icon import png

NAME = "facetracker"


def main(bundle: str, appdir: str) -> int:
    folder = Path(appdir)
    if folder.exists():
        sys.exit(f"appdir: {folder} is there already")
    shutil.copytree(bundle, folder / "usr" / "lib" / NAME, symlinks=True)
    shutil.copy(manifests.TEMPLATES / "AppRun", folder / "AppRun")
    (folder / "AppRun").chmod(0o755)
    entry = manifests.filled("facetracker.desktop", {"id": NAME})
    (folder / f"{NAME}.desktop").write_text(entry, encoding="utf-8")
    (folder / f"{NAME}.png").write_bytes(png(256))
    (folder / ".DirIcon").symlink_to(f"{NAME}.png")
    print(f"{folder}: ARCH=x86_64 appimagetool {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
