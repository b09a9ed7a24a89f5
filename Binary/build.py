"""Builds the frozen program from a checkout: `dist/facetracker/` and an archive of it.

Needs Python 3.11 or newer and nothing else installed; everything it uses goes into `build/`. With --python (or the
variable FACETRACKER_BUILD_PYTHON) it installs nothing and uses the packages of that interpreter. See README.md.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import hashlib
import importlib.util
import os
import platform
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import sizes
from contents import ROOT, models, system, version

BINARY = ROOT / "Binary"
REQUIREMENTS = BINARY / "requirements.txt"
ASSETS = BINARY / "assets.txt"
WINDOWS_SCRIPTS = ("run.bat", "shortcuts.bat")
PYTHON_VARIABLE = "FACETRACKER_BUILD_PYTHON"
EARLIEST_ZIP = 315_619_200
"""1 January 1980, where the time stamps of zip files begin."""


@dataclass(frozen=True, slots=True)
class Folders:
    """build: for what is made on the way. dist: for the results."""

    build: Path
    dist: Path

    @property
    def bundle(self) -> Path:
        return self.dist / "facetracker"

    @property
    def record(self) -> Path:
        """What PyInstaller put in, and from where."""
        return self.build / "frozen" / "facetracker" / "bundle.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracker-only", action="store_true", help="leave the launcher out")
    parser.add_argument("--no-archive", action="store_true", help="only make dist/facetracker")
    parser.add_argument(
        "--python",
        type=Path,
        metavar="FILE",
        default=os.environ.get(PYTHON_VARIABLE) or None,
        help="use this interpreter and its packages, which must be the listed versions, and install nothing",
    )
    parser.add_argument("--build", type=Path, metavar="FOLDER", default=ROOT / "build", help="for intermediate files")
    parser.add_argument("--dist", type=Path, metavar="FOLDER", default=ROOT / "dist", help="for what is built")
    options = parser.parse_args()
    folders = Folders(options.build.absolute(), options.dist.absolute())
    if wanting := what_is_missing():
        sys.exit(f"build: {wanting}")
    began = time.monotonic()
    os.environ["SOURCE_DATE_EPOCH"] = str(source_date())
    try:
        python = environment(folders) if options.python is None else checked(options.python.absolute())
        freeze(python, folders, with_launcher=not options.tracker_only)
        strip_python(folders.bundle)
        lay_out(folders.bundle)
        bill = folders.dist / f"{archive_name()}.cdx.json"
        run(python, BINARY / "licences.py", folders.record, folders.bundle / "Licenses")
        run(python, BINARY / "bill.py", folders.record, bill)
        made = [bill] if options.no_archive else [archive(folders), bill]
    except subprocess.CalledProcessError as failed:
        return int(failed.returncode) or 1
    sums = "".join(f"{sha256(file)}  {file.name}\n" for file in made)
    (folders.dist / f"{archive_name()}.sha256").write_text(sums, encoding="utf-8", newline="\n")
    table = sizes.table(folders.record, folders.bundle)
    (folders.dist / f"{archive_name()}.sizes.md").write_text(table + "\n", encoding="utf-8")
    print(f"\n{table}\n\n{sums}\n{folders.bundle} and {made[0].name}, {time.monotonic() - began:.0f} s")
    return 0


def what_is_missing() -> str:
    """What PyInstaller needs and this system lacks, in one line; empty when it has everything."""
    if sys.version_info < (3, 11):
        return f"needs Python 3.11 or newer, this is {platform.python_version()}; choose one with PYTHON=..."
    if sys.platform != "linux":
        return ""
    packages = [] if shutil.which("objdump") else ["binutils"]
    library = sysconfig.get_config_var("INSTSONAME")
    try:
        ctypes.CDLL(library)
    except OSError:
        packages += [f"libpython{sys.version_info[0]}.{sys.version_info[1]}"]
    if importlib.util.find_spec("ensurepip") is None:
        packages += ["python3-venv"]
    return f"needs more; on Debian and Ubuntu: sudo apt-get install {' '.join(packages)}" if packages else ""


def run(*command: object, **environment_changes: str) -> None:
    """Run to the end. Raises CalledProcessError when it fails."""
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env={**os.environ, **environment_changes})


def source_date() -> int:
    """The time that goes into everything built, Unix seconds: of the last commit, else of the changelog's file."""
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return int(os.environ["SOURCE_DATE_EPOCH"])
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return int((ROOT / "docs" / "CHANGELOG.md").stat().st_mtime)


def environment(folders: Folders) -> Path:
    """The Python of a virtual environment that holds exactly the requirements; made again when these change."""
    folder = folders.build / "venv"
    stamp = folder / "requirements.sha256"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    lists = REQUIREMENTS.read_bytes() + ASSETS.read_bytes()
    wanted = hashlib.sha256(lists + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=sys.platform != "win32").create(folder)
        pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:")
        run(*pip, "-r", REQUIREMENTS)
        run(*pip, "--no-deps", "-r", ASSETS)
        stamp.write_text(wanted)
    return python


def checked(python: Path) -> Path:
    """`python` itself, whose packages are used as they are. Exits with a line when they are not the listed ones."""
    done = subprocess.run([python, BINARY / "installed.py", REQUIREMENTS, ASSETS], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"build: {python}: {(done.stdout or done.stderr).strip()}")
    return python


def freeze(python: Path, folders: Folders, with_launcher: bool) -> None:
    """Let PyInstaller make `dist/facetracker`."""
    shutil.rmtree(folders.bundle, ignore_errors=True)
    run(
        *(python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
        *("--workpath", folders.build / "frozen", "--distpath", folders.dist, BINARY / "facetracker.spec"),
        PYINSTALLER_CONFIG_DIR=str(folders.build / "pyinstaller"),
        PYTHONHASHSEED="0",
        FACETRACKER_LAUNCHER=str(int(with_launcher)),
    )


def strip_python(bundle: Path) -> None:
    """Take debugging symbols out of Python's own libraries on Linux.

    Some builds of Python leave 15 MB of them in. Wheels come without, and theirs must not be touched: stripping
    libraries whose headers a wheel builder has changed breaks them.
    """
    if sys.platform != "linux" or shutil.which("strip") is None:
        return
    internal = bundle / "_internal"
    own = [*internal.glob("libpython*.so*"), *internal.glob("python3*/lib-dynload/*.so")]
    for file in own:
        if not file.is_symlink():
            run("strip", "--strip-unneeded", file)


def lay_out(bundle: Path) -> None:
    """Put beside the executables what users, launchers and engines look for there."""
    (bundle / "models").mkdir()
    for file in models():
        shutil.copyfile(file, bundle / "models" / file.name)
    shutil.copyfile(BINARY / "bundle-README.md", bundle / "README.md")
    for name in WINDOWS_SCRIPTS if sys.platform == "win32" else ("run.sh",):
        shutil.copy(BINARY / name, bundle / name)


def archive_name() -> str:
    """Without its suffix."""
    return f"facetracker-{version()}-{system()}"


def archive(folders: Folders) -> Path:
    """Pack `dist/facetracker`: names in order, no owners, one time stamp, so that equal content packs equally."""
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    entries = sorted(path for path in folders.bundle.rglob("*") if path.is_symlink() or path.is_file())
    if sys.platform == "win32":
        packed = folders.dist / f"{archive_name()}.zip"
        when = time.gmtime(max(epoch, EARLIEST_ZIP))[:6]
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for path in entries:
                entry = zipfile.ZipInfo(path.relative_to(folders.dist).as_posix(), when)
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, path.read_bytes())
        return packed

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        executable = entry.mode & stat.S_IXUSR
        entry.mode = 0o755 if executable or entry.isdir() else 0o644
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        return entry

    packed = folders.dist / f"{archive_name()}.tar.gz"
    with (
        packed.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, epoch) as pipe,
        tarfile.open(fileobj=pipe, mode="w", format=tarfile.GNU_FORMAT) as file,
    ):
        for path in entries:
            file.add(path, path.relative_to(folders.dist).as_posix(), recursive=False, filter=plain)
    return packed


def sha256(file: Path) -> str:
    """Of the whole file, in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[attr-defined,unused-ignore]


if __name__ == "__main__":
    sys.exit(main())
