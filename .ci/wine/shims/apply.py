"""Compiles the shims and redirects the copies of Windows' libraries that need them. README.md says why.

Usage: python apply.py FOLDER, that of Windows' python.exe. Needs mingw-w64.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MINGW = "x86_64-w64-mingw32-"
MATHS, OUR_MATHS = b"api-ms-win-crt-math-l1-1-0.dll", b"wine-shims-crt-math-l1-1-0.dll"
MEDIA, OUR_MEDIA = b"MF.dll\0", b"mZ.dll\0"
"""Replaced in place, so the names are of equal length."""
CAMERA_LISTER = "_windows_backend.pyd"


def main(folder: str) -> int:
    python = Path(folder)
    site = python / "Lib" / "site-packages"
    ours = complex_functions()
    users = {file: names for file in libraries(site) if (names := imported(file)) & ours}
    forwarded = sorted(set().union(*users.values()) - ours)
    definitions = python / "shims.def"
    definitions.write_text("\n".join(["EXPORTS", *map(own_export, sorted(ours)), *map(forward, forwarded)]) + "\n")
    compile_shim("crt_complex.c", python / OUR_MATHS.decode(), definitions)
    compile_shim("no_cameras.c", python / OUR_MEDIA.rstrip(b"\0").decode())
    for file in users:
        redirect(file, MATHS, OUR_MATHS)
    for file in site.rglob(CAMERA_LISTER):
        redirect(file, MEDIA, OUR_MEDIA)
    print(f"shims: {len(users)} libraries use complex functions")
    return 0


def complex_functions() -> set[str]:
    """The names that `crt_complex.c` defines, with those for float and long double."""
    text = (HERE / "crt_complex.c").read_text(encoding="utf-8")
    names = set(re.findall(r"TO_(?:COMPLEX|REAL)\((c\w+)\)", text)) | {"cpow"}
    return {name + suffix for name in names for suffix in ("", "f", "l")}


def libraries(site: Path) -> list[Path]:
    """Every DLL and extension module."""
    return sorted(file for file in site.rglob("*") if file.suffix in (".pyd", ".dll"))


def imported(file: Path) -> set[str]:
    """The functions that `file` imports from the runtime's mathematical part."""
    if MATHS not in file.read_bytes():
        return set()
    text = subprocess.run([f"{MINGW}objdump", "-p", file], capture_output=True, text=True, check=True).stdout
    part = text.partition(MATHS.decode())[2].partition("DLL Name")[0]
    rows = [line.split() for line in part.splitlines() if line.startswith("\t")]
    return {row[-1] for row in rows if len(row) >= 3 and row[-1] not in ("Member-Name", "Name")}


def own_export(name: str) -> str:
    """The line of a .def file for a function of ours."""
    return f"{name}=shim_{name.removesuffix('l') if name not in double_names() else name}"


def double_names() -> set[str]:
    """The names without a suffix, some of which end with l (creal)."""
    return {name for name in complex_functions() if {name + "f", name + "l"} <= complex_functions()}


def forward(name: str) -> str:
    """The line of a .def file for a function of Wine's runtime."""
    return f"{name}=ucrtbase.{name}"


def compile_shim(source: str, target: Path, *inputs: Path) -> None:
    """One DLL. Raises CalledProcessError when mingw refuses."""
    command = [f"{MINGW}gcc", "-O2", "-shared", "-static-libgcc", "-o", target, HERE / source, *inputs]
    subprocess.run(command, check=True)


def redirect(file: Path, old: bytes, new: bytes) -> None:
    """Have `file` load another DLL."""
    file.write_bytes(file.read_bytes().replace(old, new))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
