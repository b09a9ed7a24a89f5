"""Installs the exact lists of requirements for Windows from Linux: markers are evaluated for the target.

Usage: python windows_wheels.py SITE_PACKAGES LIST... pip itself evaluates markers for the system it runs on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement

PYTHON = "3.11"
TARGET = {
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": "3.11.9",
    "python_version": PYTHON,
    "sys_platform": "win32",
}


def main(site: str, *lists: str) -> int:
    wanted = [requirement for name in lists for requirement in requirements(Path(name))]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--upgrade",
        "--no-compile",
    ]
    command += ["--only-binary=:all:", "--platform", "win_amd64", "--python-version", PYTHON, "--implementation", "cp"]
    return subprocess.run([*command, "--target", site, *wanted]).returncode


def requirements(file: Path) -> list[str]:
    """The lines of `file` that Windows needs, without their markers."""
    lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    parsed = [Requirement(line) for line in lines if line]
    return [f"{one.name}{one.specifier}" for one in parsed if one.marker is None or one.marker.evaluate(TARGET)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
