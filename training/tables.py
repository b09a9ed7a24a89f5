"""Tables from models/manifest.json: `python -m training.tables`.

Prints the table of docs/MODELS.md and writes every figure of every network to training/results/networks.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training.manifest import read_manifest

RESULTS = Path(__file__).parent / "results" / "networks.md"
POINTS, JAW = "inner 49, raw and offsets removed", "jaw, raw and offsets removed"
GAP, MOUTH = "inner-lip gap of closed mouths by skin, found (true)", "mouth, worst skin group over best"


def landmark_table(networks: Mapping[str, Any]) -> Iterator[str]:
    yield "| model | input | multiply-adds | points | jaw | closed lips, worst skin | mouth, worst skin / best |"
    yield "|---" * 7 + "|"
    for model in range(3, -4, -1):
        entry = networks[f"landmarks_{model}"]
        people = entry["quality"]["manual"]
        gap = max(float(text.split()[0]) for text in people[GAP].values())
        yield (
            f"| {model} | {entry['input'][1]} px | {entry['multiply_adds'] / 1e6:.1f} M "
            f"| {people[POINTS][0]:.2f} / {people[POINTS][1]:.2f} | {people[JAW][1]:.2f} "
            f"| {gap:.2f} | {people[MOUTH]:.2f} |"
        )


def every_figure(networks: Mapping[str, Any]) -> Iterator[str]:
    yield "# Every figure of the manifest\n\nWritten by `python -m training.tables`."
    for name, entry in sorted(networks.items()):
        height, width = entry["input"][1:3]
        cost = f"{entry['parameters'] / 1e3:.0f} k parameters, {entry['multiply_adds'] / 1e6:.1f} M multiply-adds"
        yield f"\n## {name}\n\n{width} x {height}, {cost}\n\n| figure | value |\n|---|---|"
        yield from _rows("", entry.get("quality", {}))


def _rows(prefix: str, figures: Mapping[str, Any]) -> Iterator[str]:
    for figure, value in figures.items():
        if isinstance(value, Mapping):
            yield from _rows(f"{prefix}{figure}: ", value)
        elif figure != "measured_on_sha256":
            yield f"| {prefix}{figure} | {value} |"


def main() -> None:
    networks = read_manifest()["networks"]
    print("\n".join(landmark_table(networks)))
    RESULTS.write_text("\n".join(every_figure(networks)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
