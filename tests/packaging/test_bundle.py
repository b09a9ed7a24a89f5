"""What lies in the folder of the frozen build."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from tests.packaging.spawned import PROGRAM
from tests.receiver import ROOT


def test_the_networks_lie_beside_the_program_whole(bundle: Path) -> None:
    assert (bundle / PROGRAM).is_file()
    manifest = json.loads((ROOT / "models" / "manifest.json").read_text(encoding="utf-8"))
    networks = manifest["networks"].values()
    assert len(networks) >= 10
    for network in networks:
        data = (bundle / "models" / network["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == network["sha256"], network["file"]
    assert (bundle / "models" / "manifest.json").read_bytes() == (ROOT / "models" / "manifest.json").read_bytes()


def test_every_licence_in_the_index_is_there_and_says_something(bundle: Path) -> None:
    index = (bundle / "Licenses" / "INDEX.md").read_text(encoding="utf-8")
    texts = re.findall(r"\]\(<([^>]+)>\)", index)
    assert texts[0].startswith("facetracker-"), "ours comes first"
    assert (bundle / "Licenses" / texts[0]).read_bytes() == (ROOT / "LICENSE").read_bytes()
    for text in texts:
        assert (bundle / "Licenses" / text).stat().st_size > 150, text
    for name in ("Python", "numpy", "onnxruntime", "opencv-python", "pyinstaller"):
        assert re.search(rf"^\| {name} \| \d", index, re.MULTILINE), name
    named = {text.split("/", 1)[1] for text in texts}
    assert {"ThirdPartyNotices.txt", "LICENSE-3RD-PARTY.txt"} <= named


def test_every_file_that_others_wrote_is_in_the_index(bundle: Path) -> None:
    """Looked up from the other side: the names of installed packages inside the bundle."""
    index = (bundle / "Licenses" / "INDEX.md").read_text(encoding="utf-8").lower().replace("_", "-")
    folders = {path.name for path in (bundle / "_internal").iterdir() if path.is_dir()}
    ours_and_pythons = {"tracker", "launcher", "protocol", "models"}
    for folder in folders - ours_and_pythons:
        name = re.sub(r"(\.libs|-[\d.]+\.dist-info)$", "", folder).lower().replace("_", "-")
        name = {"cv2": "opencv-python", "pil": "pillow"}.get(name, name)
        assert f"| {re.sub(r'[0-9.]+$', '', name)}" in index, folder


def test_parts_that_nothing_uses_stay_out(bundle: Path) -> None:
    names = {path.name for path in bundle.rglob("*")}
    assert not {name for name in names if name.startswith(("libonnxruntime.so", "haarcascade", "libtcl", "libtk"))}
    assert not (bundle / "_internal" / "onnxruntime" / "quantization").exists()
    assert not {name for name in names if name in ("RECORD", "INSTALLER") or name.endswith((".pdb", ".a", ".pyi"))}
