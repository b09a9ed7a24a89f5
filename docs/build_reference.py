"""Builds the API reference from docstrings: `python docs/build_reference.py [FOLDER]`. Fails on any warning.

It covers what other programs may import: `tracker`, with the modules that define its values, and all of `protocol`.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pdoc  # noqa: E402
import pdoc.doc  # noqa: E402
import pdoc.render  # noqa: E402

import tracker  # noqa: E402

MODULES = (
    "tracker",
    "tracker.types",
    "tracker.topology",
    "tracker.intrinsics",
    "tracker.errors",
    "tracker.face.options",
    "protocol",
)


def undocumented(owner: pdoc.doc.Namespace[object]) -> Iterator[str]:
    """Public classes, functions and properties of `owner` without a docstring."""
    for member in owner.members.values():
        if member.name.startswith("_") or not member.modulename.startswith(owner.modulename):
            continue
        is_property = isinstance(inspect.getattr_static(owner.obj, member.name, None), property)
        if (is_property or isinstance(member, pdoc.doc.Class | pdoc.doc.Function)) and not member.docstring:
            yield member.fullname
        if isinstance(member, pdoc.doc.Class):
            yield from undocumented(member)


def main(folder: Path) -> int:
    for name in tracker.__all__:
        getattr(tracker, name)  # lazily imported names must exist before pdoc looks for them
    pdoc.render.configure(docformat="markdown", show_source=False, footer_text=f"facetracker {tracker.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*MODULES, output_directory=folder)
        documents = [pdoc.doc.Module.from_name(name) for name in MODULES]
        documents += [module for document in documents for module in document.submodules]
        missing = sorted({name for document in documents for name in undocumented(document)})
    for name in missing:
        sys.stderr.write(f"no docstring: {name}\n")
    sys.stdout.write(f"the API reference is in {folder}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "reference"))
