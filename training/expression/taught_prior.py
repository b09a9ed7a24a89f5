"""Fit `tracker/face/taught_prior.npz`: `python -m training.expression.taught_prior FOLDER`.

FOLDER holds what `training.expression.sittings` measured of rendered people of the training split. Their scatter within
an expression is taken over both sittings, so that it holds other light, other poses and other talk.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tracker.face.taught.discriminant import NEUTRAL
from tracker.face.taught.measures import MEASURES
from tracker.face.taught.prior import ASSET, Prior
from training.expression.sittings import TRAIN_SETS, Sitter, load

POINT_FLOOR_SD, FLOOR_SD = 0.0045, 0.03
"""Added to the scatter, since so few people cannot tell it to be smaller: of points (face units), and of all else."""


def fit(sitters: Sequence[Sitter]) -> Prior:
    """The prior of these people."""
    size = len(MEASURES)
    scatter, spread = np.zeros((size, size)), np.zeros((size, size))
    free, expressions = 0, 0
    for sitter in sitters:
        centres = {name: sitter.measures[sitter.expression == name].mean(axis=0) for name in sitter.names}
        for name, centre in centres.items():
            away = sitter.measures[sitter.expression == name] - centre
            scatter += away.T @ away
            free += len(away) - 1
            if name != NEUTRAL:
                shift = centre - centres[NEUTRAL]
                spread += np.outer(shift, shift)
                expressions += 1
    floor = np.array([POINT_FLOOR_SD if name.startswith("point") else FLOOR_SD for name in MEASURES])
    return Prior(scatter / free + np.diag(floor**2), spread / expressions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=ASSET)
    arguments = parser.parse_args()
    sitters = load(arguments.folder, TRAIN_SETS)
    prior = fit(sitters)
    arrays = {key: part.astype(np.float32) for key, part in prior._asdict().items()}
    np.savez_compressed(arguments.out, measures=MEASURES, **arrays)
    print(f"{arguments.out}: {len(sitters)} people")


if __name__ == "__main__":
    main()
