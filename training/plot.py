"""Cost against quality of the landmark networks, for docs/MODELS.md: `python -m training.plot`.

Reads models/manifest.json and, for the baseline's line, training/results/trackers.json. Writes docs/models.svg.
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt

from training.evaluate import RESULTS
from training.manifest import read_manifest

FILE = Path(__file__).resolve().parent.parent / "docs" / "models.svg"
MODELS = range(-3, 4)
PEER = "MediaPipe"
TICKS = (4, 6, 10, 20, 40)


def main() -> None:
    matplotlib.rcParams.update({"svg.hashsalt": "models", "font.size": 9})  # the same file every time
    networks = [read_manifest()["networks"][f"landmarks_{model}"] for model in MODELS]
    cost = [entry["multiply_adds"] / 1e6 for entry in networks]
    error = [entry["quality"]["inner_49_percent_fan68"] for entry in networks]
    figure, axes = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    axes.plot(cost, error, "o-", color="tab:blue")
    for model, x, y in zip(MODELS, cost, error, strict=True):
        axes.annotate(str(model), (x, y), (0, 6), textcoords="offset points", ha="center")
    if RESULTS.exists():
        stills = json.loads(RESULTS.read_text(encoding="utf-8"))["groups"]["uda"]
        if PEER in stills:
            axes.axhline(stills[PEER]["fan68_percent"], color="tab:grey", linestyle="--")
            axes.annotate(PEER, (cost[0], stills[PEER]["fan68_percent"]), (0, 3), textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [str(tick) for tick in TICKS])
    axes.minorticks_off()
    axes.margins(y=0.12)
    axes.set_xlabel("million multiply-adds of the landmark network")
    axes.set_ylabel("error on held-out video stills,\n% of the outer-eye distance (fan68)")
    axes.grid(alpha=0.3)
    figure.savefig(FILE, metadata={"Date": None})


if __name__ == "__main__":
    main()
