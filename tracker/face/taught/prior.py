"""What is known of faces before anybody records, measured on rendered people by `training.expression.taught_prior`.

How measures scatter while somebody holds an expression, talks, turns and looks about under changing light, misread as
networks misread them: what talk moves or what is read badly counts little, and what moves together counts once. And how
expressions spread around the neutral face: what no expression moves is no difference between two of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.face.taught.measures import MEASURES
from tracker.shipped_arrays import damaged, load_arrays
from tracker.types import FloatArray

ASSET = Path(__file__).parents[1] / "taught_prior.npz"
"""`measures` (N,) their names, `scatter` and `spread` (N, N) float32."""


class Prior(NamedTuple):
    """scatter: (N, N) covariance of the measures within an expression. spread: (N, N) second moment of expressions
    about the neutral face."""

    scatter: FloatArray
    spread: FloatArray


@cache
def load_prior(file: Path = ASSET) -> Prior:
    """The prior that is shipped. Raises ModelError when it is missing, damaged or of other measures."""
    names, *parts = load_arrays(file, "measures", *Prior._fields)
    prior = Prior(*(part.astype(np.float64) for part in parts))
    if names.tolist() != list(MEASURES) or any(part.shape != (len(MEASURES),) * 2 for part in prior):
        raise damaged(file)
    try:
        np.linalg.cholesky(prior.scatter)
    except np.linalg.LinAlgError as error:
        raise damaged(file) from error
    for part in prior:
        part.flags.writeable = False
    return prior
