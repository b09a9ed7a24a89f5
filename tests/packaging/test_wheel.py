"""The sdist and the wheel: whole, and running where they are installed."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from protocol import openseeface
from tests.packaging.spawned import receiver, without_pythonpath
from tracker.version import VERSION

FRAMES = 100


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (file,) = built.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands that the wheel installs into a fresh environment.

    What it depends on comes from the environment of these tests, so that nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("fresh") / "environment"
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    # A path file is not read again in the folders that it names: an editable install there stays out.
    names = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    # Ignored: where these tests run, facetracker may be installed as well.
    subprocess.run([*pip, "--ignore-installed", str(wheel)], check=True, cwd=folder, env=without_pythonpath())
    return scripts


def package_patterns(sources: Path) -> list[str]:
    """What setup.cfg promises to install besides modules, as paths under the checkout."""
    setup = configparser.ConfigParser()
    setup.read(sources / "setup.cfg", encoding="utf-8")
    folders = {"tracker.models": "models"}
    return [
        f"{folders.get(package, package.replace('.', '/'))}/{pattern.strip()}"
        for package, patterns in setup["options.package_data"].items()
        for pattern in patterns.replace("\n", ",").split(",")
        if pattern.strip()
    ]


def test_the_sdist_has_the_tests_the_docs_and_all_that_a_build_needs(built: Path, copied_sources: Path) -> None:
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "setup.cfg", "pyproject.toml", "facetracker.py", "docs/PROTOCOL.md"}
    wanted |= {"tests/receiver.py", "tests/protocol/unity_reader.py", "training/README.md", "benchmarks/README.md"}
    wanted |= {"Binary/build.py", "Binary/run.bat", "Licenses/README.md", "models/MODEL_CARD.md", ".ci/run"}
    assert wanted <= names
    for folder in ("tests", "tracker", "protocol", "models", "docs"):
        sources = (copied_sources / folder).rglob("*")
        here = {path.relative_to(copied_sources).as_posix() for path in sources if path.is_file()}
        assert here <= names, sorted(here - names)
    assert not {name for name in names if name.endswith(".pyc") or name.startswith(("dist/", "build/", ".venv/"))}


def test_the_wheel_has_every_data_file_that_setup_cfg_promises(in_wheel: set[str], copied_sources: Path) -> None:
    for pattern in package_patterns(copied_sources):
        files = [file for file in copied_sources.glob(pattern) if file.is_file()]
        assert files, f"nothing matches {pattern}"
        for file in files:
            name = file.relative_to(copied_sources).as_posix()
            assert (f"tracker/{name}" if name.startswith("models/") else name) in in_wheel, name
    manifest = json.loads((copied_sources / "models" / "manifest.json").read_text(encoding="utf-8"))
    for network in manifest["networks"].values():
        assert f"tracker/models/{network['file']}" in in_wheel


def test_the_wheel_has_every_module_and_nothing_else(in_wheel: set[str], copied_sources: Path) -> None:
    packages = {"launcher", "protocol", "tracker"}
    sources = [path for name in packages for path in (copied_sources / name).rglob("*.py")]
    here = {path.relative_to(copied_sources).as_posix() for path in sources}
    modules = {name for name in in_wheel if name.endswith(".py")}
    assert modules == here | {"facetracker.py"}
    top = {name.split("/")[0] for name in in_wheel}
    assert top == packages | {"facetracker.py", f"openfacetracker-{VERSION}.dist-info"}


def test_the_wheel_runs_on_every_system_and_names_its_commands(wheel: Path, in_wheel: set[str]) -> None:
    assert wheel.name == f"openfacetracker-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        points = archive.read(f"openfacetracker-{VERSION}.dist-info/entry_points.txt").decode("utf-8")
        facts = archive.read(f"openfacetracker-{VERSION}.dist-info/METADATA").decode("utf-8")
    assert "facetracker = facetracker:main" in points
    assert "facetracker-launcher = " in points
    assert re.search("^License(-Expression)?: BSD-2-Clause$", facts, re.MULTILINE)
    for extra in ("launcher", "receivers", "train", "test", "dev"):
        assert f"Provides-Extra: {extra}\n" in facts
    assert f"openfacetracker-{VERSION}.dist-info/licenses/LICENSE" in in_wheel


def test_installed_it_tracks_the_demo_face_far_from_any_checkout(scripts: Path, tmp_path: Path) -> None:
    program = scripts / ("facetracker.exe" if sys.platform == "win32" else "facetracker")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"facetracker {VERSION}\n")
    with receiver() as wire:
        command = [program, "-c", "demo", "--fps", "60", "--frames", str(FRAMES), "--port", wire.port, "--silent", "1"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env=without_pythonpath()) as process:
            records = wire.records(FRAMES)
            assert process.stderr is not None
            assert process.stderr.read() == b""
        assert process.returncode == 0
    assert all(record.got_3d and record.confidence[:66].mean() > 0.7 for record in records)
    assert openseeface.decode(openseeface.encode(records[:1])) == records[:1]


def test_installed_the_networks_come_from_the_package(scripts: Path, tmp_path: Path) -> None:
    code = "from tracker.face.networks import ModelStore; print(ModelStore().folder)"
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=without_pythonpath(), check=True
    )
    folder = Path(done.stdout.strip()).resolve()
    assert folder.parts[-2:] == ("tracker", "models")
    assert folder.is_relative_to(scripts.parent.resolve())
