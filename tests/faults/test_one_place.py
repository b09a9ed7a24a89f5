"""What is done in one place, so that a fault is mended in one place, stays there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    # A file name that is not UTF-8 ends the process there.
    "cv2.VideoCapture": {"tracker/capture/opencv.py", "tracker/output/files/video.py"},
    "cv2.VideoWriter": {"tracker/output/files/video.py"},
    "cv2.imread": set(),
    "cv2.imwrite": set(),
    # Numbers without end, NaN, nesting and surrogates come in there.
    "json.loads": {"protocol/foreign_json.py"},
    "json.load": set(),
    # Half a file stays behind there.
    "os.replace": set(),
    "tempfile.mkstemp": {"protocol/atomic_file.py"},
}


def calls(path: Path) -> Iterator[str]:
    """The dotted names that the file calls."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            yield f"{node.func.value.id}.{node.func.attr}"


@pytest.mark.parametrize("name", PLACES)
def test_it_is_done_in_one_place(name: str) -> None:
    files = [file for folder in ("tracker", "launcher", "protocol") for file in (ROOT / folder).rglob("*.py")]
    assert {file.relative_to(ROOT).as_posix() for file in files if name in calls(file)} == PLACES[name]
