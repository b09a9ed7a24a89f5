"""Cost against quality of the landmark networks: `python -m training.plot` writes docs/models.svg."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt

from training.manifest import read_manifest

FILE = Path(__file__).resolve().parent.parent / "docs" / "models.svg"
MODELS = range(-3, 4)
TICKS = (4, 6, 10, 20, 40)
POINTS = "inner 49, raw and offsets removed"


def main() -> None:
    matplotlib.rcParams.update({"svg.hashsalt": "models", "font.size": 9})  # the same file every time
    networks = [read_manifest()["networks"][f"landmarks_{model}"] for model in MODELS]
    cost = [entry["multiply_adds"] / 1e6 for entry in networks]
    errors = [entry["quality"]["manual"][POINTS] for entry in networks]
    figure, axes = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    for k, label in enumerate(("as they are", "each point's own offset removed")):
        axes.plot(cost, [error[k] for error in errors], ("o-", "o--")[k], color="tab:blue", label=label)
    for model, x, (raw, _) in zip(MODELS, cost, errors, strict=True):
        axes.annotate(str(model), (x, raw), (0, 6), textcoords="offset points", ha="center")
    axes.set_xscale("log")
    axes.set_xticks(TICKS, [str(tick) for tick in TICKS])
    axes.minorticks_off()
    axes.margins(y=0.12)
    axes.set_xlabel("million multiply-adds of the landmark network")
    axes.set_ylabel("error on 235 held-out faces with people's points,\n% of the outer-eye distance")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(FILE, metadata={"Date": None})


if __name__ == "__main__":
    main()
