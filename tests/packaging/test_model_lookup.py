"""Where the networks are looked for: beside the frozen program, above it, in a checkout, in the package."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.packaging.spawned import without_pythonpath
from tests.receiver import ROOT
from tracker.face import networks
from tracker.face.networks import ModelStore, packaged_folders

ASK = "from tracker.face.networks import ModelStore; print(ModelStore().folder)"


def answer(python: str | Path, cwd: Path) -> Path:
    """Which folder that Python's facetracker takes the networks from."""
    command = [str(python), "-c", ASK]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=without_pythonpath(), cwd=cwd)
    return Path(done.stdout.strip()).resolve()


def test_a_checkout_uses_its_own_models() -> None:
    assert answer(sys.executable, cwd=ROOT) == ROOT / "models"


def test_an_editable_install_uses_the_checkouts_models(copied_sources: Path, tmp_path: Path) -> None:
    """As `pip install -e .` leaves it: a path file that leads into the checkout."""
    venv.create(tmp_path / "environment", with_pip=False, symlinks=sys.platform != "win32")
    scripts = tmp_path / "environment" / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / ("python.exe" if sys.platform == "win32" else "python")
    pytest.importorskip("setuptools", reason="the package build comes with the extra test")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    pip += ["--no-build-isolation", "--ignore-installed", "-e", str(copied_sources)]
    subprocess.run(pip, check=True, cwd=tmp_path, env=without_pythonpath())
    assert answer(python, cwd=tmp_path) == copied_sources / "models"


def test_a_frozen_program_looks_beside_itself_then_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path = tmp_path.resolve()  # macOS's folder for such files is a link
    program = tmp_path / "Binary" / "facetracker"
    program.parent.mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    assert packaged_folders()[:2] == [program.parent / "models", tmp_path / "models"]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / networks.MANIFEST).write_text("{}", encoding="utf-8")
    assert ModelStore().folder == tmp_path / "models"
    (program.parent / "models").mkdir()
    (program.parent / "models" / networks.MANIFEST).write_text("{}", encoding="utf-8")
    assert ModelStore().folder == program.parent / "models"
