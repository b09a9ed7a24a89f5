"""A frozen build to try, where there is one, put where it is hardest to run."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.spawned import PROGRAM, START_LIMIT_S, Installed, ended
from tests.receiver import ROOT

VARIABLE = "FACETRACKER_BUNDLE"


def built_bundle() -> Path:
    """The folder of the frozen build. Skips the test when there is none, or only one older than the sources."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).resolve()
    bundle = ROOT / "dist" / "facetracker"
    if not (bundle / PROGRAM).is_file():
        pytest.skip(f"no frozen build: run Binary/build.sh, or name one in {VARIABLE}")
    built = (bundle / PROGRAM).stat().st_mtime
    sources = [ROOT / "facetracker.py"]
    sources += [file for name in ("launcher", "protocol", "tracker") for file in (ROOT / name).rglob("*.py")]
    if any(file.stat().st_mtime > built for file in sources):
        pytest.skip(f"dist/facetracker is older than the sources: run Binary/build.sh, or name it in {VARIABLE}")
    return bundle


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The frozen build as it was built."""
    return built_bundle()


@pytest.fixture(scope="session")
def installed() -> Iterator[Installed]:
    """The frozen build in a folder with a space and letters of several scripts, where nothing can be written.

    Run as root, which may write everywhere, the programs are started as nobody. Afterwards the folder must be as it
    was.
    """
    # Not pytest's own folder, which other users may not enter.
    with tempfile.TemporaryDirectory(prefix="facetracker-") as base:
        Path(base).chmod(0o755)
        folder = Path(base) / "Käse & Gesicht 顔" / "facetracker"
        copy_tree(built_bundle(), folder)
        before = listing(folder)
        set_writable(folder, False)
        try:
            program = Installed(folder, nobody=hasattr(os, "geteuid") and os.geteuid() == 0)
            if sys.platform == "win32":
                warm_up(program)
            yield program
            assert listing(folder) == before, "the program wrote into its own folder"
        finally:
            set_writable(folder, True)


def warm_up(program: Installed) -> None:
    """Start it once, unheard: under Wine the first program of a session starts the desktop's process, which would keep
    the pipes of whoever listens to that program until the session ends."""
    nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ended(program.start("--version", **nowhere)) as process:
        process.wait(2 * START_LIMIT_S)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A working folder where every user may write, with letters of several scripts."""
    with tempfile.TemporaryDirectory(prefix="facetracker-") as base:
        Path(base).chmod(0o777)
        folder = Path(base) / "wö änders 別"
        folder.mkdir()
        folder.chmod(0o777)
        yield folder


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder, with hard links where the file system has them: a bundle is large."""

    def link(original: str, copy: str) -> None:
        try:
            os.link(original, copy, follow_symlinks=False)
        except OSError:
            shutil.copy2(original, copy, follow_symlinks=False)

    shutil.copytree(source, target, symlinks=True, copy_function=link)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """(bytes, time of change) of everything in `folder`."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if not path.is_dir()
    }


def set_writable(folder: Path, writable: bool) -> None:
    """Allow or forbid to make and remove files in `folder` and below. (The files may be linked from elsewhere.)"""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | 0o200 if writable else mode & ~0o222 | 0o555)


@pytest.fixture(scope="session")
def copied_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout without what was built in it, so that building leaves nothing there and finds nothing stale."""
    made = shutil.ignore_patterns(
        ".git", ".venv", "build", "dist", "runs", "shared", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
    )
    folder = tmp_path_factory.mktemp("sources").resolve() / "facetracker"
    shutil.copytree(ROOT, folder, ignore=made, symlinks=True)
    return folder


@pytest.fixture(scope="session")
def built(copied_sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel that was built from it."""
    pytest.importorskip("build.env", reason="the package build comes with the extra test")
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(copied_sources)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
