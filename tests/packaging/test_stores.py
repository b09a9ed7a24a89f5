"""The drafts for winget, Flatpak and AppImage: filled in from checksums, and an AppDir that starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.receiver import ROOT
from tracker.version import VERSION

STORES = ROOT / "Binary" / "stores"
LINUX, WINDOWS = f"facetracker-{VERSION}-linux-x86_64.tar.gz", f"facetracker-{VERSION}-windows-amd64.zip"


def fill_in(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(STORES / "manifests.py"), *more, "--dist", str(folder), "--to", str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """A folder with the checksums of a release, one file for each system as the builds leave them."""
    (tmp_path / "linux.sha256").write_text(f"{'1a' * 32}  {LINUX}\n{'9c' * 32}  a.cdx.json\n", encoding="utf-8")
    (tmp_path / "windows.sha256").write_text(f"{'2b' * 32}  {WINDOWS}\n", encoding="utf-8")
    return tmp_path


def test_each_archive_is_named_with_its_own_checksum(sums: Path) -> None:
    yaml = pytest.importorskip("yaml")
    done = fill_in(sums, "some-body/face.tracker")
    assert done.returncode == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert not [file for file in written if "{" in file.read_text(encoding="utf-8")]
    read = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in written if file.suffix == ".yaml"}
    winget = [content for name, content in read.items() if name.startswith("some-body.facetracker")]
    assert sorted(content["ManifestType"] for content in winget) == ["defaultLocale", "installer", "version"]
    assert {(content["PackageIdentifier"], content["PackageVersion"]) for content in winget} == {
        ("some-body.facetracker", VERSION)
    }
    releases = f"https://github.com/some-body/face.tracker/releases/download/v{VERSION}"
    (installer,) = read["some-body.facetracker.installer.yaml"]["Installers"]
    assert installer["InstallerUrl"] == f"{releases}/{WINDOWS}"
    assert installer["InstallerSha256"] == "2b" * 32
    flatpak = read["io.github.some_body.face_tracker.yaml"]
    source = flatpak["modules"][0]["sources"][0]
    assert (source["url"], source["sha256"]) == (f"{releases}/{LINUX}", "1a" * 32)
    wanted = {source["path"] for module in flatpak["modules"] for source in module["sources"] if "path" in source}
    assert wanted <= {file.name for file in written}, "what the Flatpak takes lies beside it"


def test_a_missing_archive_or_a_wrong_name_is_told_in_a_line(sums: Path) -> None:
    (sums / "windows.sha256").unlink()
    done = fill_in(sums, "somebody/facetracker")
    assert (done.returncode, done.stderr) == (1, f"manifests: no checksum of {WINDOWS} in {sums}\n")
    done = fill_in(sums, "somebody")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("error: must be OWNER/NAME, got somebody")


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="needs appstreamcli")
def test_the_metainfo_is_valid(sums: Path) -> None:
    assert fill_in(sums, "somebody/facetracker").returncode == 0
    (file,) = (sums / "out" / "flatpak").glob("*.metainfo.xml")
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", str(file)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="AppImages are Linux's")
def test_an_appdir_starts_the_tracker_and_the_launcher(bundle: Path, tmp_path: Path) -> None:
    appdir = tmp_path / "An AppDir"
    subprocess.run([sys.executable, str(STORES / "appdir.py"), str(bundle), str(appdir)], check=True, timeout=120)
    named = {"AppRun", "facetracker.desktop", "facetracker.png", ".DirIcon", "usr"}
    assert {path.name for path in appdir.iterdir()} == named
    started = tmp_path / "link"
    started.symlink_to(appdir / "AppRun")
    first_words = {("tracker", "--version"): f"facetracker {VERSION}", ("--help",): "usage: facetracker-launcher"}
    for words, said in first_words.items():
        command, environment = [str(started), *words], {"PATH": os.defpath}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(said)
