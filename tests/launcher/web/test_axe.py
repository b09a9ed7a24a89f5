"""axe-core finds no violation on any part of the page, in either theme. Skipped where npm cannot bring it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.launcher.window_client import Visit

DRAWS_3D = False
AXE = "axe-core@4.14.1"
LIMIT_S = 60
RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which brings axe-core, is not installed")
    folder: Path = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run([npm, "pack", "--silent", AXE], cwd=folder, check=True, capture_output=True, timeout=LIMIT_S)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm cannot bring {AXE}: {error}")
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(visit: Callable[..., Visit], axe: str, theme: str, width: int) -> None:
    here = visit(width=width)
    here.page.emulate_media(color_scheme=theme)
    here.until("(theme) => document.documentElement.dataset.theme === theme", theme)
    here.look(axe)
    for tab in ("setup", "avatar", "face", "details"):
        here.tab(tab)
        assert here.look(RUN) == []
    here.tab("setup")
    here.page.click("#welcome-again")
    for _ in range(2):
        assert here.look(RUN) == []
        here.look("() => document.getElementById('welcome-next').click()")
    assert here.look(RUN) == []
