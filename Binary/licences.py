"""Fills the bundle's folder Licenses: every text, an index with ours first. Fails when something has no text.

Usage, in the build's environment: python licences.py RECORD FOLDER
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from contents import ROOT
from inventory import Component, Unaccounted, inventory, require_texts
from vendored import vendored_libraries


def collect(components: list[Component], folder: Path) -> Path:
    """Copy the licence texts of `components` into a fresh `folder` and return its index.

    Raises Unaccounted when a component has none.
    """
    require_texts(components)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "Licenses" / "README.md", folder / "README.md")
    rows: list[str] = []
    for component in components:
        place = folder / re.sub(r"[^\w.+-]", "_", f"{component.name}-{component.version}".rstrip("-"))
        for name, source in component.texts:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place / name)
        texts = ", ".join(f"[{name}](<{place.name}/{name}>)" for name, _ in component.texts)
        programs = ", ".join(sorted(component.programs))
        rows.append(f"| {component.name} | {component.version} | {component.licence} | {programs} | {texts} |")
    index = folder / "INDEX.md"
    lines = ["# What is in this bundle", "", "| what | version | licence | used by | texts |", "|---|---|---|---|---|"]
    lines += rows + ["", *_vendored(components)]
    index.write_text("\n".join(lines), encoding="utf-8")
    return index


def _vendored(components: list[Component]) -> list[str]:
    """Lines on the libraries that came inside other components' packages."""
    lines = [
        "## Libraries that came inside these packages",
        "",
        "Their texts are among those of the package that brought them. Each is a file that can be exchanged.",
        "",
        "| package | library | licence |",
        "|---|---|---|",
    ]
    for component in components:
        lines += [f"| {component.name} | {name} | {licence} |" for name, licence in vendored_libraries(component)]
    return [*lines, ""]


def main(record: str, folder: str) -> int:
    try:
        components = inventory(Path(record))
        index = collect(components, Path(folder))
    except Unaccounted as problem:
        print(f"licences: {problem}", file=sys.stderr)
        return 1
    texts = sum(len(component.texts) for component in components)
    print(f"licences: {len(components)} components, {texts} texts, none missing: {index}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
