"""What Windows shows of the executables: their icon and their version."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.receiver import ROOT
from tracker.version import VERSION

pefile = pytest.importorskip("pefile", reason="comes with what the Windows build needs")

RT_ICON = 3


@pytest.fixture(params=["facetracker.exe", "facetracker-launcher.exe"])
def executable(request: pytest.FixtureRequest, bundle: Path) -> Path:
    file = bundle / str(request.param)
    if not file.is_file():
        pytest.skip("not a bundle for Windows")
    return file


def test_the_icon_is_ours(executable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "Binary"))
    from icon import SIZES, png

    with pefile.PE(str(executable), fast_load=True) as program:
        program.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
        (icons,) = (kind for kind in program.DIRECTORY_ENTRY_RESOURCE.entries if kind.id == RT_ICON)
        places = [icon.directory.entries[0].data.struct for icon in icons.directory.entries]
        pictures = {program.get_data(place.OffsetToData, place.Size) for place in places}
    assert pictures == {png(size) for size in SIZES}


def test_the_properties_show_name_and_version(executable: Path) -> None:
    with pefile.PE(str(executable), fast_load=True) as program:
        program.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
        (tables,) = (each.StringTable for info in program.FileInfo for each in info if hasattr(each, "StringTable"))
        shown = {name.decode(): text.decode() for table in tables for name, text in table.entries.items()}
    assert shown["ProductName"] == "facetracker"
    assert shown["ProductVersion"] == VERSION
    assert shown["OriginalFilename"] == executable.name
