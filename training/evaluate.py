"""Every figure the held-out pictures allow: `python -m training.evaluate`.

First each network alone (`training.landmarks.evaluate` and its like, which write models/manifest.json), then whole
trackers on single pictures, group by group: ours as the program runs them, and with `--baselines PYTHON` also
MediaPipe's FaceMesh in the environment of that Python, with `--openseeface CHECKOUT` OpenSeeFace, run by the same
Python. Errors are percent of the outer-eye distance with each point's median offset removed, over the pictures in which
every tracker found a face. The labels `lm66` come in part from MediaPipe's mesh, and the pupils wholly, which flatters
it; `fan68` comes from neither. Writes training/results/trackers.json and prints its tables.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracker import Tracker
from tracker import topology as t
from tracker.face.eyes import EyeReader
from tracker.face.networks import ModelStore
from training.baselines.asking import ask
from training.eval_subsets import Subset, load_subsets
from training.landmarks.evaluate import relative_error
from training.manifest import MODELS_FOLDER, read_manifest
from training.mesh import landmark_weights

RESULTS = Path(__file__).parent / "results" / "trackers.json"
NETWORK_COMMANDS = (
    ("training.landmarks.evaluate",),
    ("training.detector.evaluate",),
    ("training.eyes.evaluate", "--network", "eyes"),
    ("training.eyes.evaluate", "--network", "eyes_fine"),
)
LIDS = ((159, 145, 33, 133), (386, 374, 263, 362))
"""Upper and lower lid, corners of the right and the left eye in MediaPipe's mesh."""
OPEN_SOURCES = ("muxspace", "utk", "uda", "mask_off")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one tracker says about the pictures of a group, NaN where it found nothing.

    landmarks (N, 66, 2) and pupils (N, 2, 2) in pixels; openness (N,) lid gap over eye width, both eyes' mean.
    """

    landmarks: np.ndarray
    pupils: np.ndarray
    openness: np.ndarray


def run_ours(model: int, group: Subset) -> Answers:
    """Our tracker on each picture alone: a black frame before it, and a second look that starts from the first."""
    n = len(group.pictures)
    landmarks, pupils = np.full((n, 66, 2), np.nan), np.full((n, 2, 2), np.nan)
    openness = np.full(n, np.nan)
    eyes = EyeReader(ModelStore(MODELS_FOLDER).load("eyes_fine" if model == 4 else "eyes"))
    with Tracker(model=model, smoothing=0.0, discard_after=0) as tracker:
        for k, picture in enumerate(group.pictures):
            tracker.process(np.zeros_like(picture))
            for _ in range(2):
                faces = tracker.process(picture).faces
            if faces:
                landmarks[k], pupils[k] = faces[0].landmarks.xy, faces[0].eyes.pupils
                openness[k] = np.mean(eyes.read(picture, faces[0].landmarks.xy).aperture)
    return Answers(landmarks, pupils, openness)


def run_mediapipe(python: str, group: Subset) -> Answers:
    """Its mesh is brought to the 66 points as the labels were."""
    mesh = ask(python, "mediapipe_mesh.py", group.pictures)["points"].astype(np.float64)
    openness = [
        np.linalg.norm(mesh[:, up] - mesh[:, low], axis=1) / np.linalg.norm(mesh[:, outer] - mesh[:, inner], axis=1)
        for up, low, outer, inner in LIDS
    ]
    landmarks = np.einsum("jp,npk->njk", landmark_weights(), mesh)
    return Answers(landmarks, mesh[:, [468, 473]], np.mean(openness, axis=0))


def run_openseeface(python: str, checkout: str, model: int, group: Subset) -> Answers:
    answer = ask(python, "openseeface.py", group.pictures, "--checkout", checkout, "--model", str(model))
    points = answer["points"].astype(np.float64)
    return Answers(points[:, :66], points[:, 66:], gap_of(points))


def gap_of(points: np.ndarray) -> np.ndarray:
    """(N,) lid gap over eye width from the 66 points, mean of both eyes."""
    gaps = []
    for eye in (t.RIGHT_EYE, t.LEFT_EYE):
        p = points[:, eye]
        gap = 0.5 * (p[:, 1] + p[:, 2] - p[:, 4] - p[:, 5])
        gaps.append(np.linalg.norm(gap, axis=1) / np.linalg.norm(p[:, 0] - p[:, 3], axis=1))
    return np.mean(gaps, axis=0)


def error_of(found: np.ndarray, truth: np.ndarray, measured: np.ndarray) -> float | None:
    """Percent, None for fewer than ten pictures."""
    if len(truth) < 10:
        return None
    return round(100 * float(np.linalg.norm(relative_error(found, truth)[:, measured], axis=2).mean()), 2)


def pupil_error(found: np.ndarray, group: Subset, rows: np.ndarray) -> float | None:
    """Percent, over pictures with open eyes; the median offset goes here too."""
    is_open = gap_of(group.landmarks[rows]) > 0.15
    rows = rows[is_open]
    if len(rows) < 10:
        return None
    padded = group.landmarks[rows].copy()
    answers = padded.copy()
    padded[:, :2], answers[:, :2] = group.pupils[rows], found[is_open]
    return round(100 * float(np.linalg.norm(relative_error(answers, padded)[:, :2], axis=2).mean()), 2)


def compare(group: Subset, answers: dict[str, Answers]) -> dict[str, dict[str, float | None]]:
    """Figures of each tracker on one group."""
    found_by = {name: np.isfinite(answer.landmarks).all(axis=(1, 2)) for name, answer in answers.items()}
    rows = np.flatnonzero(np.all(list(found_by.values()), axis=0))
    known = rows[np.isfinite(group.third[rows]).all(axis=(1, 2))]
    return {
        name: {
            "pictures": len(group.pictures),
            "found_percent": round(100 * float(found_by[name].mean()), 1),
            "lm66_percent": error_of(answer.landmarks[rows], group.landmarks[rows], group.measured),
            "fan68_percent": error_of(answer.landmarks[known], group.third[known], group.measured),
            "pupils_percent": pupil_error(answer.pupils[rows], group, rows),
        }
        for name, answer in answers.items()
    }


def closed_against_open(openness: dict[str, dict[str, np.ndarray]]) -> dict[str, float]:
    """Per tracker: how often an open pair of eyes reads wider than a closed one (area under the curve)."""
    figures = {}
    for name in next(iter(openness.values())):
        shut = openness["cew_closed"][name]
        wide = np.concatenate([openness[source][name] for source in OPEN_SOURCES])
        shut, wide = np.sort(shut[np.isfinite(shut)]), wide[np.isfinite(wide)]
        below = np.searchsorted(shut, wide, "left") + np.searchsorted(shut, wide, "right")
        figures[name] = round(float(below.mean() / (2 * len(shut))), 4)
    return figures


def table(groups: dict[str, dict[str, dict[str, Any]]], figure: str) -> str:
    """Markdown: groups down, trackers across."""
    names = list(next(iter(groups.values())))
    lines = ["| group | pictures | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
    for group, figures in groups.items():
        values = [figures[name][figure] for name in names]
        if any(value is not None for value in values):
            shown = " | ".join("-" if value is None else f"{value:g}" for value in values)
            lines.append(f"| {group} | {figures[names[0]]['pictures']} | {shown} |")
    return "\n".join(lines)


def evaluate_trackers(
    models: Sequence[int], baselines: str | None, openseeface: str | None, only: str
) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    openness: dict[str, dict[str, np.ndarray]] = {}
    for group in load_subsets(only):
        answers = {f"model {model}": run_ours(model, group) for model in models}
        if baselines:
            answers["MediaPipe"] = run_mediapipe(baselines, group)
        if openseeface:
            for model in (0, 1):
                answers[f"OpenSeeFace {model}"] = run_openseeface(
                    baselines or sys.executable, openseeface, model, group
                )
        groups[group.name] = compare(group, answers)
        openness[group.name] = {name: answer.openness for name, answer in answers.items()}
        print(f"{group.name}: {groups[group.name]}", flush=True)
    result: dict[str, Any] = {
        "networks": {name: entry["sha256"] for name, entry in read_manifest()["networks"].items()},
        "groups": groups,
    }
    if {"cew_closed", *OPEN_SOURCES} <= openness.keys():
        result["closed_against_open_auc"] = closed_against_open(openness)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3])
    parser.add_argument("--baselines", metavar="PYTHON", help="of an environment with mediapipe==0.10.21")
    parser.add_argument("--openseeface", metavar="CHECKOUT", help="its folder, with its models")
    parser.add_argument("--only", default="", metavar="TEXT", help="only groups whose name contains this; not stored")
    parser.add_argument("--skip-networks", action="store_true", help="only the trackers, not each network alone")
    arguments = parser.parse_args()
    if not arguments.skip_networks:
        for command in NETWORK_COMMANDS:
            subprocess.run([sys.executable, "-m", *command], check=True)
    result = evaluate_trackers(arguments.models, arguments.baselines, arguments.openseeface, arguments.only)
    if not arguments.only:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for figure in ("fan68_percent", "lm66_percent", "pupils_percent", "found_percent"):
        print(f"\n{figure}\n\n{table(result['groups'], figure)}")
    if "closed_against_open_auc" in result:
        print(f"\nclosed against open eyes, AUC: {result['closed_against_open_auc']}")


if __name__ == "__main__":
    main()
