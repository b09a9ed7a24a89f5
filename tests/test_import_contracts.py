"""Which part may import which: the contracts of setup.cfg, and what protocol needs from outside."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_the_contracts_of_setup_cfg_hold() -> None:
    # In a process of its own: the linter configures logging, which disables the loggers of whoever runs after it.
    linting = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports('setup.cfg', no_cache=True))"
    ran = subprocess.run([sys.executable, "-c", linting], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("file", sorted(ROOT.glob("protocol/*.py")), ids=lambda file: file.name)
def test_protocol_needs_numpy_alone(file: Path) -> None:
    assert imported_by(file) <= sys.stdlib_module_names | {"numpy", "protocol"}


@pytest.mark.parametrize("package", ["capture", "face", "output", "app"])
def test_every_package_is_under_some_contract(package: str) -> None:
    contracts = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert f"    tracker.{package}\n" in contracts
    assert (ROOT / "tracker" / package / "__init__.py").is_file()
