"""How a trained model is kept beside the samples it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.face.taught.discriminant import Discriminant, TrainingReport
from tracker.face.taught.measures import MEASURES
from tracker.face.taught.samples import packed, unpacked


def export_model(model: Discriminant, report: TrainingReport | None) -> dict[str, Any]:
    """`model` and how well it does, as JSON values."""
    confusion = {} if report is None else report.confusion
    return {
        "names": list(model.names),
        "whitening": packed(model.whitening, "<f4"),
        "centres": packed(model.centres, "<f4"),
        "limits": packed(model.limits, "<f4"),
        "confusion": [[round(confusion[shown][taken], 4) for taken in model.names] for shown in confusion],
    }


def restored_model(kept: Any, names: tuple[str, ...]) -> tuple[Discriminant, TrainingReport] | tuple[None, None]:
    """What `export_model` gave; None twice where nothing was trained. names: those that there are samples of.

    Raises ValueError when it is damaged.
    """
    if kept is None:
        return None, None
    if not isinstance(kept, Mapping) or not isinstance(kept.get("names"), list):
        raise ValueError("the model is not an object")
    own = tuple(kept["names"])
    if len(own) < 2 or any(name not in names for name in own) or len(set(own)) != len(own):
        raise ValueError("the model is of other expressions")
    size = len(MEASURES)
    model = Discriminant(
        own,
        unpacked(kept.get("whitening"), "<f4", size, size),
        unpacked(kept.get("centres"), "<f4", len(own), size),
        unpacked(kept.get("limits"), "<f4", len(own), 1)[:, 0],
    )
    return model, _report(kept.get("confusion"), own)


def _report(rows: Any, names: tuple[str, ...]) -> TrainingReport:
    if not isinstance(rows, list) or len(rows) != len(names):
        raise ValueError("the model's confusion is missing")
    confusion: dict[str, dict[str, float]] = {}
    for name, row in zip(names, rows, strict=True):
        if not isinstance(row, list) or len(row) != len(names):
            raise ValueError("the model's confusion is cut short")
        if any(isinstance(share, bool) or not isinstance(share, int | float) for share in row):
            raise ValueError("the model's confusion is not numbers")
        confusion[name] = dict(zip(names, map(float, row), strict=True))
    return TrainingReport({name: confusion[name][name] for name in names}, confusion)
