"""What every benchmark prints around its figures: the machine, the versions, a table, and the same as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from tracker.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("numpy", "opencv-python", "opencv-contrib-python", "onnxruntime", "mediapipe")


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of `count` measurements."""

    median: float
    p95: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(float(np.median(values)), float(np.percentile(values, 95)), len(values))


@dataclass
class Report:
    """Rows of one benchmark. Every row has the same keys, which head the columns."""

    name: str
    facts: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **row: Any) -> None:
        """Append a row; a `Spread` takes two columns."""
        flat: dict[str, Any] = {}
        for key, value in row.items():
            if isinstance(value, Spread):
                flat |= {f"{key} median": value.median, f"{key} p95": value.p95}
            else:
                flat[key] = value
        self.rows.append(flat)

    def finish(self, path: Path | None) -> None:
        """Print the facts and the table; write both to `path` as well where one is given."""
        for name, fact in self.facts.items():
            print(f"{name}: {fact}")
        print()
        print(_table(self.rows))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"benchmark": self.name, "facts": self.facts, "rows": self.rows}, indent=1)
            path.write_text(text + "\n", encoding="utf-8")
            print(f"\nwritten to {path}")


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with what every benchmark understands."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def facts(models: Sequence[int] = (), cores: str = "not pinned") -> dict[str, Any]:
    """Machine, load and versions. models: the landmark networks that the figures depend on."""
    found: dict[str, Any] = {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "ran on": cores,
        "load before": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "facetracker": VERSION,
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if models:
        found["networks, sha256"] = _digests(models)
    return found


def pin_to_one_core() -> str:
    """Keep this process, and what it starts, on one core where the system can; say what came of it.

    Call it before a library starts threads of its own.
    """
    if not hasattr(os, "sched_setaffinity"):
        return "all cores: this system cannot pin a process"
    core = max(os.sched_getaffinity(0))  # the first core serves most interrupts
    os.sched_setaffinity(0, {core})
    return f"core {core} alone"


def _digests(models: Sequence[int]) -> dict[str, str]:
    """The first digits of every network's SHA-256 that `models` use, as the manifest gives them."""
    listed = json.loads((ROOT / "models" / "manifest.json").read_text(encoding="utf-8"))["networks"]
    names = [landmark_network(model) for model in models]
    eyes = {"eyes_fine" if model == 4 else "eyes" for model in models}
    return {name: listed[name]["sha256"][:12] for name in (*names, *sorted(eyes), "detector") if name in listed}


def landmark_network(model: int) -> str:
    """The name of the landmark network of `--model`: 4 is 3 with finer eyes."""
    return f"landmarks_{min(model, 3)}"


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as aligned text."""
    cells = [list(rows[0])] + [[_shown(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
