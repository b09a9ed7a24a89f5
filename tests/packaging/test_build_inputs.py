"""What the frozen build is told: requirements, data files, version resource, licences."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from tests.receiver import ROOT
from tracker.version import VERSION


@pytest.fixture(autouse=True)
def _binary_on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The build's scripts import each other by their file names, as Python does for a script."""
    monkeypatch.syspath_prepend(str(ROOT / "Binary"))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        module = sys.modules[name]
        if (getattr(module, "__file__", None) or "").startswith(str(ROOT / "Binary")):
            del sys.modules[name]


def pins() -> dict[str, str]:
    files = [ROOT / "Binary" / name for name in ("requirements.txt", "assets.txt")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    pinned = [line.partition(";")[0].strip().split("==") for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned}


def promised(section: str, key: str) -> list[tuple[str, str]]:
    """(name, smallest version) of the requirements that setup.cfg lists there."""
    from contents import setup_cfg

    requirement = r"^\s*([\w.-]+)(?:\[[\w,-]+\])?\s*>=\s*([\d.]+)"
    found = re.findall(requirement, setup_cfg()[section].get(key, ""), re.MULTILINE)
    return [(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in found]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_the_build_pins_all_that_setup_cfg_requires_and_new_enough() -> None:
    wanted = promised("options", "install_requires") + promised("options.extras_require", "launcher")
    assert len(wanted) >= 8
    for name, smallest in wanted:
        assert name in pins(), name
        assert numbers(pins()[name]) >= numbers(smallest), name


def test_the_list_is_exact_on_every_system() -> None:
    """Nothing that a listed package asks for on any system is left to the day of the build."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / "Binary" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(str(one.specifier).startswith("==") for one in listed)
    for system, platform in (("Linux", "linux"), ("Windows", "win32"), ("Darwin", "darwin")):
        there = {"platform_system": system, "sys_platform": platform, "extra": "", "python_version": "3.12"}
        present = {canonicalize_name(one.name) for one in listed if one.marker is None or one.marker.evaluate(there)}
        for name in present:
            try:
                asked = distribution(name).requires or []
            except PackageNotFoundError:  # another system's, or a tool that is not installed here
                continue
            for one in map(Requirement, asked):
                if one.marker is None or one.marker.evaluate(there):
                    assert canonicalize_name(one.name) in present, f"{name} wants {one.name} on {system}"


def test_versions_that_differ_from_the_list_are_named() -> None:
    from installed import differences

    present = distribution("pytest").version
    assert differences(["# a comment", f"pytest=={present}", 'nobody==1; sys_platform == "nowhere"']) == []
    assert differences(["pytest==0.1", "nobody==1"]) == [f"pytest is {present}, not 0.1", "nobody is missing"]


def test_the_versions_agree() -> None:
    from contents import version

    assert version() == VERSION


def test_every_data_file_of_the_packages_goes_into_the_bundle() -> None:
    from contents import models, modules, package_data

    files = dict(package_data(("protocol", "tracker")))
    assert files[str(ROOT / "tracker" / "capture" / "demo" / "face.npz")] == str(Path("tracker/capture/demo"))
    assert files[str(ROOT / "tracker" / "face" / "eye_points.npz")] == str(Path("tracker/face"))
    assert str(ROOT / "tracker" / "face" / "taught_prior.npz") in files
    window = package_data(("launcher", "protocol"))
    assert (str(ROOT / "launcher" / "web" / "static" / "index.html"), str(Path("launcher/web/static"))) in window
    assert not [name for name, _ in window if name.endswith(("py.typed", ".onnx"))], "these have other places"
    assert {file.name for file in models()} == {
        file.name for file in (ROOT / "models").iterdir() if file.is_file() and not file.name.startswith(".")
    }
    assert {"tracker", "tracker.face.networks", "protocol.openseeface"} <= set(modules(("protocol", "tracker")))


def test_the_windows_version_resource_shows_name_and_version() -> None:
    from contents import TRACKER
    from version_resource import version_resource

    class Recorded:
        """Stands for the classes that PyInstaller reads the resource with: keeps what it is given."""

        def __init__(self, *values: object, **named: object) -> None:
            self.values, self.named = values, named

    kinds = ("VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct")
    kinds += ("VarFileInfo", "VarStruct")
    resource = eval(version_resource(TRACKER, "1.2.3rc4", "somebody"), dict.fromkeys(kinds, Recorded))
    assert resource.named["ffi"].named["filevers"] == (1, 2, 3, 0)
    table = resource.named["kids"][0].values[0][0]
    assert table.values[0] == "040904b0", "US English in Unicode"
    texts = {string.values[0]: string.values[1] for string in table.values[1]}
    assert texts["ProductVersion"] == texts["FileVersion"] == "1.2.3rc4"
    assert texts["OriginalFilename"] == "facetracker.exe"


def test_the_icon_is_the_pages_own_at_every_size_that_windows_asks_for(tmp_path: Path) -> None:
    from icon import SIZES, write_icon
    from PIL import Image

    with Image.open(write_icon(tmp_path)) as icon:
        assert icon.format == "ICO"
        assert icon.info["sizes"] == {(size, size) for size in SIZES}
        for size in SIZES:
            pixels = np.asarray(icon.ico.getimage((size, size)).convert("RGBA")).astype(int)
            assert pixels.shape == (size, size, 4)
            assert pixels[0, 0, 3] < 128, "rounded corners let through what is behind"

            def at(x: float, y: float, pixels: np.ndarray = pixels, size: int = size) -> list[int]:
                return list(pixels[int(y / 64 * size), int(x / 64 * size)])

            for place, colour in (((32, 5), (0x2F, 0x6F, 0x8F)), ((32, 20), (0xFF, 0xE1, 0xC7))):
                assert at(*place) == [*colour, 255], (size, place)
            eyes, mouth = at(24, 30), at(32, 44.5)
            assert max(eyes[:3]) < 0x80, size
            assert mouth[0] > mouth[1] + 20, size


def test_a_drawing_that_the_icon_cannot_show_is_refused(tmp_path: Path) -> None:
    from icon import shapes

    drawing = tmp_path / "icon.svg"
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
    for inner, told in (
        ('<text fill="#000000">a</text>', "has a"),
        ('<path fill="#000000" d="M0 0L9 9"/>', "command L"),
    ):
        drawing.write_text(f"{head}{inner}</svg>", encoding="utf-8")
        with pytest.raises(ValueError, match=told):
            shapes(drawing)


def test_a_component_without_a_licence_text_fails_the_build(tmp_path: Path) -> None:
    from inventory import Component, Unaccounted
    from licences import collect

    text = tmp_path / "LICENSE"
    text.write_text("You may.", encoding="utf-8")
    good = Component("good", "1.0", "distribution", "MIT", texts=[("LICENSE", text)], programs={"facetracker"})
    empty = tmp_path / "empty"
    empty.touch()
    for bad in (
        Component("secretive", "2.0", "distribution", "MIT"),
        Component("secretive", "2.0", "distribution", "MIT", texts=[("LICENSE", empty)]),
    ):
        with pytest.raises(Unaccounted, match=r"secretive 2\.0: put one into Licenses/supplement/NAME/"):
            collect([good, bad], tmp_path / "Licenses")
    assert not (tmp_path / "Licenses").exists()
    index = collect([good], tmp_path / "Licenses")
    assert "| good | 1.0 | MIT | facetracker | [LICENSE](<good-1.0/LICENSE>) |" in index.read_text(encoding="utf-8")
    assert (tmp_path / "Licenses" / "good-1.0" / "LICENSE").read_text(encoding="utf-8") == "You may."


def test_licences_are_found_in_metadata_and_beside_the_code() -> None:
    from inventory import licence_texts

    names = {name for name, _ in licence_texts(distribution("onnxruntime"))}
    assert {"LICENSE", "ThirdPartyNotices.txt"} <= names
    assert any(name.startswith("licenses/") for name, _ in licence_texts(distribution("numpy")))
    for name in ("numpy", "onnxruntime", "opencv-python", "platformdirs", "psutil", "tqdm"):
        assert list(licence_texts(distribution(name))), name


def test_a_file_of_nobody_fails_the_build(tmp_path: Path) -> None:
    from inventory import Unaccounted, inventory

    stray = tmp_path / "libstray.so"
    stray.touch()
    record = tmp_path / "bundle.json"
    entry = {"program": "facetracker", "kind": "binaries", "name": "x", "source": str(stray)}
    record.write_text(json.dumps([entry]), encoding="utf-8")
    with pytest.raises(Unaccounted, match=r"libstray\.so"):
        inventory(record)


@pytest.mark.parametrize(
    ("file", "licence"),
    [
        ("libopenblasp-r0-59ffcd50.3.15.so", "BSD-3-Clause"),
        ("libavcodec-c4204469.so.62.28.101", "LGPL-2.1-or-later"),
        ("libavif-43e630fc.so.16.4.2", "BSD-2-Clause"),
        ("libQt5Gui-afbd4980.so.5.15.19", "LGPL-3.0-only"),
        ("libgfortran-83c28eba.so.5.0.0", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("libx265.215.dylib", "GPL-2.0-or-later"),
        ("opencv_videoio_ffmpeg500_64.dll", "LGPL-2.1-or-later"),
        ("libnobodyknows.so.1", "see the package's notices"),
    ],
)
def test_libraries_inside_wheels_are_known_by_their_names(file: str, licence: str) -> None:
    from vendored import licence_of

    assert licence_of(file) == licence


def test_sizes_tell_the_trackers_part_from_the_launchers(tmp_path: Path) -> None:
    from sizes import files, tracker_files

    bundle = tmp_path / "facetracker"
    contents = {"facetracker": 10, "facetracker-launcher": 20, "_internal/both.so": 3, "_internal/window.so": 40}
    for name, size in (contents | {"models/a.onnx": 500}).items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(bytes(size))
    record = tmp_path / "bundle.json"
    needs = [("facetracker", "both.so"), ("facetracker-launcher", "both.so"), ("facetracker-launcher", "window.so")]
    record.write_text(json.dumps([{"program": program, "name": name} for program, name in needs]), encoding="utf-8")
    assert sum(files(bundle).values()) == 573
    assert sum(tracker_files(record, bundle).values()) == 513


@pytest.mark.parametrize("name", ["run.bat", "shortcuts.bat"])
def test_scripts_for_windows_have_windows_line_ends(name: str) -> None:
    text = (ROOT / "Binary" / name).read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") > 3


@pytest.mark.skipif(sys.platform == "win32", reason="run.bat is the guide there")
@pytest.mark.parametrize(
    ("answers", "display", "expected"),
    [
        ("1\n\n\n", ":5", "--capture 1 --ip 127.0.0.1 --port 11573 {size} --visualize 3 --pnp-points 1"),
        ("\n192.168.1.5\n11574\n", "", "--capture 0 --ip 192.168.1.5 --port 11574 {size}"),
    ],
)
def test_the_guided_start_asks_for_a_camera_and_a_receiver(
    answers: str, display: str, expected: str, tmp_path: Path
) -> None:
    """With a program in the tracker's place that has two cameras and repeats what it is told."""
    shutil.copy(ROOT / "Binary" / "run.sh", tmp_path)
    program = tmp_path / "facetracker"
    listing = "Available cameras:\\n0: Front\\n1: Capture card\\n"
    program.write_text(f'#!/bin/sh\n[ "$1" = --list-cameras ] && printf "{listing}" || echo "told: $*"\n')
    program.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "DISPLAY": display}
    guide = subprocess.run(
        ["/bin/sh", tmp_path / "run.sh"], input=answers, capture_output=True, text=True, env=environment, timeout=30
    )
    assert (guide.returncode, guide.stderr) == (0, "")
    assert "1: Capture card\n" in guide.stdout
    if sys.platform == "darwin" and not display:  # there is always a display
        expected += " --visualize 3 --pnp-points 1"
    size = "--width 1280 --height 720 --fps 30"
    assert guide.stdout.splitlines()[-1] == f"told: {expected.format(size=size)}"
