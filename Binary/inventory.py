"""Whose files are in the bundle: PyInstaller's record of them, grouped by the component that each came from.

Runs in the build's own environment: distributions are asked through `importlib.metadata`, system libraries through
Debian's package database.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from contents import ROOT, models, version

LICENCE_NAME = re.compile(r"(licen[cs]e|copying|notice|copyright|third.?party)", re.IGNORECASE)
NO_TEXT = {".py", ".pyc", ".pyi", ".so", ".dll", ".dylib", ".json", ".h", ".js"}
COMMON_LICENCE = re.compile(r"/usr/share/common-licenses/[\w.+-]*\w")
SUPPLEMENT = ROOT / "Licenses" / "supplement"
"""Texts that distributions should have brought along, in folders of the distributions' names."""


class Unaccounted(Exception):
    """A bundled file or component that cannot be given out as it is."""


@dataclass(slots=True)
class Component:
    """Something that others wrote (or we did) and that is inside the bundle.

    kind: ours, python, distribution, debian or windows. licence: what its metadata says. texts: (name, file) of its
    licences. files: (name inside the bundle, source). programs: the executables that need it.
    """

    name: str
    version: str
    kind: str
    licence: str
    url: str = ""
    texts: list[tuple[str, Path]] = field(default_factory=list)
    files: list[tuple[str, Path]] = field(default_factory=list)
    programs: set[str] = field(default_factory=set)
    bills: list[Path] = field(default_factory=list)


def inventory(record: Path) -> list[Component]:
    """The components of the bundle whose files `record` lists: ours first, Python second, the rest by name.

    Raises Unaccounted for a file that belongs to nothing known.
    """
    owners = Owners()
    components: dict[tuple[str, str], Component] = {}
    unknown: list[str] = []
    for entry in json.loads(record.read_text(encoding="utf-8")):
        if not entry["source"] or entry["source"] == "-":  # namespace packages have no file
            continue
        source = Path(entry["source"])
        found = owners.of(source)
        if found is None:
            unknown.append(str(source))
            continue
        component = components.setdefault((found.kind, found.name), found)
        component.programs.add(entry["program"])
        if entry["kind"] in ("binaries", "datas"):
            component.files.append((entry["name"], source))
    if unknown:
        raise Unaccounted("nobody is known to own " + ", ".join(sorted(set(unknown))))
    # The programs' own executables begin with PyInstaller's bootloader.
    loader = owners.of_distribution("pyinstaller")
    components.setdefault((loader.kind, loader.name), loader).programs |= {
        program for component in components.values() for program in component.programs
    }
    components["ours", "facetracker"].files += [(f"models/{file.name}", file) for file in models()]
    order = {"ours": 0, "python": 1}
    return sorted(components.values(), key=lambda c: (order.get(c.kind, 2), c.name.lower()))


class Owners:
    """Tells which component a file came from."""

    def __init__(self) -> None:
        self._distributions: dict[str, Distribution] = {}
        self._by_name: dict[str, Distribution] = {}
        for distribution in distributions():
            self._by_name[canonical(distribution.metadata["Name"])] = distribution
            for file in distribution.files or []:
                self._distributions[_key(Path(str(distribution.locate_file(file))))] = distribution
        self._python = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib"))]
        if Path(sys.base_prefix) not in (Path("/usr"), Path("/usr/local"), Path("/")):
            self._python.append(Path(sys.base_prefix))

    def of(self, source: Path) -> Component | None:
        """The component without its files, or None where nothing is known."""
        if _key(source) in self._distributions:
            return _distribution(self._distributions[_key(source)])
        real = source.resolve()
        if real.name == "base_library.zip" or real.name.startswith("libpython"):
            return _python()
        if real.is_relative_to(ROOT / "build"):  # what PyInstaller generates there is made of its own code
            return self.of_distribution("pyinstaller")
        if real.is_relative_to(ROOT):
            texts = [("LICENSE", ROOT / "LICENSE")]
            return Component("facetracker", version(), "ours", "BSD-2-Clause", texts=texts)
        if any(_key(real).startswith(_key(folder) + os.sep) for folder in self._python):
            return _python()
        if sys.platform == "win32" and _key(real).startswith(_key(Path(os.environ["SYSTEMROOT"]))):
            return _windows()
        return _debian(source)

    def of_distribution(self, name: str) -> Component:
        """The component of an installed distribution. Raises KeyError when it is not installed."""
        return _distribution(self._by_name[canonical(name)])


def canonical(name: str) -> str:
    """A distribution's name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_texts(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    """(name, file) of every licence and notice that a distribution has, and of those that we add to it."""
    found: set[str] = set()
    for file in distribution.files or []:
        path = Path(str(distribution.locate_file(file)))
        in_metadata = file.parts[0].endswith(".dist-info")
        at_top = len(file.parts) <= 2
        if not (in_metadata or at_top) or file.suffix.lower() in NO_TEXT or not path.is_file():
            continue
        if LICENCE_NAME.search(file.name) or (in_metadata and "licenses" in file.parts):
            name = "/".join(file.parts[1:] or file.parts)
            if name not in found:  # some wheels hold a text twice
                found.add(name)
                yield name, path
    added = SUPPLEMENT / canonical(distribution.metadata["Name"])
    for text in sorted(added.glob("*.txt")):
        yield text.name, text


def require_texts(components: Iterable[Component]) -> None:
    """Raises Unaccounted that names every component without a single licence text."""
    missing = [f"{c.name} {c.version}" for c in components if not any(f.stat().st_size for _, f in c.texts)]
    if missing:
        raise Unaccounted(
            f"no licence text is known for {', '.join(missing)}: "
            f"put one into {SUPPLEMENT.relative_to(ROOT).as_posix()}/NAME/"
        )


def _distribution(distribution: Distribution) -> Component:
    facts = distribution.metadata
    classifiers = [c.rpartition(" :: ")[2] for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
    short = next((line for line in (facts["License"] or "").splitlines() if line.strip()), "")
    bills = [
        Path(str(distribution.locate_file(file))) for file in distribution.files or [] if "sboms" in file.parts[:-1]
    ]
    return Component(
        facts["Name"],
        distribution.version,
        "distribution",
        facts["License-Expression"] or ", ".join(classifiers) or short or "see text",
        f"https://pypi.org/project/{canonical(facts['Name'])}/{distribution.version}/",
        list(licence_texts(distribution)),
        bills=sorted(bill for bill in bills if bill.suffix == ".json"),
    )


def _python() -> Component:
    name = "Python"
    candidates = [
        Path(folder) / file
        for folder in (sysconfig.get_path("stdlib"), sys.base_prefix)
        for file in ("LICENSE.txt", "LICENSE")
    ]
    texts = [(file.name, file) for file in candidates if file.is_file()][:1]
    return Component(
        name, platform.python_version(), "python", "PSF-2.0", "https://docs.python.org/3/license.html", texts
    )


def _windows() -> Component:
    text = SUPPLEMENT / "microsoft-c-runtime" / "NOTICE.txt"
    return Component("Microsoft C runtime", "", "windows", "redistributable", texts=[(text.name, text)])


def _debian(source: Path) -> Component | None:
    package = _debian_package(str(source)) or _debian_package(str(source.resolve()))
    if package is None:
        return None
    name, installed = package
    copyright_file = Path("/usr/share/doc") / name / "copyright"
    texts: list[tuple[str, Path]] = []
    licences = "see text"
    if copyright_file.is_file():
        words = copyright_file.read_text(encoding="utf-8", errors="replace")
        texts = [("copyright", copyright_file)]
        texts += [
            (f"common-licenses/{Path(path).name}", Path(path))
            for path in sorted(set(COMMON_LICENCE.findall(words)))
            if Path(path).is_file()
        ]
        named = sorted(set(re.findall(r"^License: *(\S.*?) *$", words, re.MULTILINE)))
        licences = "; ".join(named) if 0 < len(named) <= 6 else licences
    return Component(name, installed, "debian", licences, f"https://packages.debian.org/{name}", texts)


@cache
def _debian_package(path: str) -> tuple[str, str] | None:
    """(package, version) that installed `path`, on Debian and its descendants."""
    # The database knows each file by one of the names that it has had since /lib moved into /usr.
    for spelling in dict.fromkeys((path, f"/usr{path}", path.removeprefix("/usr"))):
        try:
            owner = subprocess.run(["dpkg-query", "-S", spelling], capture_output=True, text=True)
        except FileNotFoundError:
            return None
        if owner.returncode == 0:
            name = owner.stdout.split(":")[0].split(",")[0].strip()
            query = ["dpkg-query", "-W", "-f=${Version}\n", name]
            return name, subprocess.run(query, capture_output=True, text=True).stdout.splitlines()[0]
    return None


def _key(path: Path) -> str:
    """A path as the file system compares it, links in folders resolved."""
    return os.path.normcase(str(_resolved(path.parent) / path.name))


@cache
def _resolved(folder: Path) -> Path:
    return folder.resolve()
