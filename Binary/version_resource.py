"""The version resource of a Windows executable: what its properties show, made from setup.cfg."""

from __future__ import annotations

import re
from pathlib import Path

from contents import Program

US_ENGLISH, UNICODE = 1033, 1200


def version_resource(program: Program, version: str, holder: str) -> str:
    """The resource as PyInstaller reads it. version: `1.2.3`, or with a suffix, which only the text shows."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    four = tuple((numbers + [0, 0, 0, 0])[:4])
    texts = {
        "CompanyName": holder,
        "FileDescription": program.description,
        "FileVersion": version,
        "InternalName": program.name,
        "LegalCopyright": f"{holder}, BSD-2-Clause",
        "OriginalFilename": f"{program.name}.exe",
        "ProductName": "facetracker",
        "ProductVersion": version,
    }
    strings = ", ".join(f"StringStruct({name!r}, {text!r})" for name, text in texts.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3F, flags=0, OS=0x40004, "
        "fileType=1, subtype=0, date=(0, 0)), kids=["
        f"StringFileInfo([StringTable('{US_ENGLISH:04x}{UNICODE:04x}', [{strings}])]), "
        f"VarFileInfo([VarStruct('Translation', [{US_ENGLISH}, {UNICODE}])])])\n"
    )


def write_version_resource(program: Program, version: str, folder: Path) -> str:
    """The path of the resource written into `folder`."""
    path = folder / f"{program.name}-version.txt"
    path.write_text(version_resource(program, version, "the facetracker authors"), encoding="utf-8")
    return str(path)
