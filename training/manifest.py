"""models/manifest.json: which networks there are, what they eat and give, and how good they are.

Several training processes write it, so every change happens under a lock and replaces the file whole.
Reading and hashing need nothing but the standard library: the tests use them without torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODELS_FOLDER = Path(__file__).resolve().parent.parent / "models"
MANIFEST_FILE = MODELS_FOLDER / "manifest.json"
VERSION = 1


def sha256_of(file: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_manifest(file: Path = MANIFEST_FILE) -> dict[str, Any]:
    """The whole manifest; an empty one where the file does not exist yet."""
    if not file.exists():
        return {"version": VERSION, "networks": {}}
    manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return manifest


@contextmanager
def changed_manifest(file: Path = MANIFEST_FILE) -> Iterator[dict[str, Any]]:
    """The manifest for changing; written back, sorted by name, when the block ends without an error."""
    import fcntl  # POSIX alone: training runs there, reading works everywhere

    file.parent.mkdir(parents=True, exist_ok=True)
    # The lock is a file of its own outside models/, because the manifest itself is replaced.
    lock_file = Path("/tmp") / f"facetracker-manifest-{hashlib.sha256(str(file).encode()).hexdigest()[:12]}.lock"
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = read_manifest(file)
        yield manifest
        manifest["networks"] = dict(sorted(manifest["networks"].items()))
        draft = file.with_suffix(".json.new")
        draft.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        draft.replace(file)


def update_quality(name: str, figures: dict[str, Any], folder: Path = MODELS_FOLDER) -> None:
    """Store fold-1 figures of network `name`, with the hash of the network they were measured on.

    Figures are merged into those already there if these belong to the same network file. folder: of the networks.
    """
    with changed_manifest(folder / MANIFEST_FILE.name) as manifest:
        entry = manifest["networks"][name]
        measured_on = sha256_of(folder / entry["file"])
        old = entry.get("quality", {})
        kept = old if old.get("measured_on_sha256") == measured_on else {}
        entry["quality"] = {**kept, **figures, "measured_on_sha256": measured_on}
