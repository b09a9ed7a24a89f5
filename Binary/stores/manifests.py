"""Fills in the drafts for winget, Flatpak and AppImage: `python manifests.py OWNER/NAME [--dist FOLDER] [--to FOLDER]`.

OWNER/NAME is where the releases are on GitHub; the checksums are those of the archives' `.sha256` files in --dist.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from build import source_date  # noqa: E402
from contents import ROOT, version  # noqa: E402
from icon import DRAWING  # noqa: E402

TEMPLATES = HERE / "templates"
ARCHIVES = {
    "linux_sha256": "facetracker-{version}-linux-x86_64.tar.gz",
    "windows_sha256": "facetracker-{version}-windows-amd64.zip",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", metavar="OWNER/NAME")
    parser.add_argument("--dist", type=Path, metavar="FOLDER", default=ROOT / "dist")
    parser.add_argument("--to", type=Path, metavar="FOLDER", default=ROOT / "dist" / "stores")
    options = parser.parse_args()
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", options.repository):
        parser.error(f"must be OWNER/NAME, got {options.repository}")
    try:
        words = values(options.repository, options.dist)
    except LookupError as missing:
        sys.exit(f"manifests: {missing.args[0]}")
    for file in write(words, options.to):
        print(file)
    return 0


def values(repository: str, dist: Path) -> dict[str, str]:
    """What stands in the templates, by name. Raises LookupError when an archive's checksum is not in `dist`."""
    sums = dict(
        reversed(line.split(maxsplit=1)) for file in dist.glob("*.sha256") for line in file.read_text().splitlines()
    )
    owner, name = repository.split("/")
    words = {
        **{"repository": repository, "version": version(), "winget": f"{owner}.facetracker"},
        "id": f"io.github.{re.sub(r'[^A-Za-z0-9_]', '_', owner)}.{re.sub(r'[^A-Za-z0-9_]', '_', name)}",
        "date": time.strftime("%Y-%m-%d", time.gmtime(source_date())),
    }
    for word, pattern in ARCHIVES.items():
        archive = pattern.format(version=version())
        if archive not in sums:
            raise LookupError(f"no checksum of {archive} in {dist}")
        words[word] = sums[archive]
    return words


def filled(template: str, words: dict[str, str]) -> str:
    """The template's text. Raises KeyError for a name that `words` lacks."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(r"\{(\w+)\}", lambda match: words[match[1]], text)


def write(words: dict[str, str], folder: Path) -> list[Path]:
    """Write all of them into `folder`, laid out as each store wants them."""
    identity, winget = words["id"], words["winget"]
    places = {
        "flatpak.yaml": f"flatpak/{identity}.yaml",
        "facetracker.desktop": f"flatpak/{identity}.desktop",
        "metainfo.xml": f"flatpak/{identity}.metainfo.xml",
        "winget.yaml": f"winget/{winget}.yaml",
        "winget.installer.yaml": f"winget/{winget}.installer.yaml",
        "winget.locale.en-US.yaml": f"winget/{winget}.locale.en-US.yaml",
    }
    written = []
    for template, place in places.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(filled(template, words), encoding="utf-8", newline="\n")
        written.append(file)
    picture = folder / "flatpak" / f"{identity}.svg"
    picture.write_bytes(DRAWING.read_bytes())
    return [*written, picture]


if __name__ == "__main__":
    sys.exit(main())
