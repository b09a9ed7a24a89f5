"""Which part may import which: the contracts of setup.cfg, and what protocol needs from outside."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parent.parent


def imported_by(file: Path) -> set[str]:
    """Top-level names of all absolute imports in `file`, nested ones included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


def test_the_contracts_of_setup_cfg_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="setup.cfg", no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("file", sorted(ROOT.glob("protocol/*.py")), ids=lambda file: file.name)
def test_protocol_needs_numpy_alone(file: Path) -> None:
    assert imported_by(file) <= sys.stdlib_module_names | {"numpy", "protocol"}


@pytest.mark.parametrize("package", ["capture", "face", "output", "app"])
def test_every_package_is_under_some_contract(package: str) -> None:
    contracts = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert f"    tracker.{package}\n" in contracts
    assert (ROOT / "tracker" / package / "__init__.py").is_file()
