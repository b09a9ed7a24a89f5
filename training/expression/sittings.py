"""What the tracker measures of people who hold expressions: `python -m training.expression.sittings FOLDER`.

Every still of the sets (`training.synthetic.held`) goes through the whole tracker, without smoothing, each person after
another, as in a session. FOLDER gets one file for each person, SET-NUMBER.npz: `measures` (N, M), NaN where no face was
measured, and the labels `expression`, `sitting` and `talking` (N,). Files that are there already are left as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker import Tracker
from tracker.face.taught.measures import MEASURES, measured
from training.manifest import MODELS_FOLDER
from training.synthetic.held import labels_file
from training.synthetic.shards import RenderSet, set_folder

TRAIN_SETS = ("ict-held-train", "makehuman-held-train")
TEST_SETS = ("ict-held-test", "makehuman-held-test")
TIMES = 2
"""Each still is shown so many times: the second time the crop is around what was found."""
FOV_LIMITS_DEG = (10.0, 120.0)


class Sitter(NamedTuple):
    """One person. measures: (N, M) of N stills; expression, sitting, talking: (N,) their labels."""

    name: str
    measures: np.ndarray
    expression: np.ndarray
    sitting: np.ndarray
    talking: np.ndarray

    @property
    def names(self) -> list[str]:
        """Of the expressions, as they were shown."""
        return list(dict.fromkeys(self.expression.tolist()))

    def stills(self, name: str, sitting: int, silent: bool = False) -> np.ndarray:
        """(S, M) of one expression in one sitting; silent: only those without talk."""
        chosen = (self.expression == name) & (self.sitting == sitting)
        return np.asarray(self.measures[chosen & ~self.talking if silent else chosen])


def measure(renders: RenderSet, chosen: np.ndarray, model: int, folder: Path) -> np.ndarray:
    """(N, M) of the `chosen` pictures, which show one person."""
    focal_px = float(np.median(renders["focal_px"][chosen]))
    fov_deg = np.clip(np.degrees(2 * np.arctan(renders.picture(chosen[0]).shape[1] / 2 / focal_px)), *FOV_LIMITS_DEG)
    found = np.full((len(chosen), len(MEASURES)), np.nan)
    with Tracker(model=model, model_dir=folder, fov_deg=float(fov_deg), smoothing=0, switch_after=0) as tracker:
        for row, i in enumerate(chosen):
            for _ in range(TIMES):
                faces = tracker.process(renders.picture(i)).faces
            values = measured(faces[0]) if faces else None
            if values is not None:
                found[row] = values
    return found


def load(folder: Path, sets: tuple[str, ...]) -> list[Sitter]:
    """The people of these sets, without the stills in which nothing was measured."""
    sitters = []
    for name in sets:
        for file in sorted(folder.glob(f"{name}-?????.npz")):
            with np.load(file) as stored:
                seen = np.isfinite(stored["measures"][:, 0])
                labels = (stored[key][seen] for key in ("measures", "expression", "sitting", "talking"))
                sitters.append(Sitter(file.stem, *labels))
    return sitters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--model-dir", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--sets", nargs="+", default=[*TRAIN_SETS, *TEST_SETS], metavar="SET")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.sets:
        renders = RenderSet([name])
        for number, shard in enumerate(sorted(set_folder(name).glob("shard-?????.npz"))):
            file = arguments.folder / f"{name}-{number:05d}.npz"
            if file.exists():
                continue
            identity = np.unique(renders["identity"])[number]
            with np.load(labels_file(name, int(shard.stem[-5:]))) as labels:
                kept = {key: labels[key] for key in ("expression", "sitting", "talking")}
            chosen = np.flatnonzero(renders["identity"] == identity)
            np.savez(file, measures=measure(renders, chosen, arguments.model, arguments.model_dir), **kept)
            print(file, flush=True)


if __name__ == "__main__":
    main()
