"""What is known of faces before anybody records, measured on rendered people by `training.expression.taught_prior`.

How measures scatter while somebody holds an expression, talks, turns and looks about under changing light, misread as
networks misread them: what talk moves or what is read badly counts little, and what moves together counts once. And how
expressions spread around the neutral face: what no expression moves is no difference between two of them.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from tracker.errors import ModelError
from tracker.face.taught.measures import MEASURES
from tracker.manifest import REINSTALL
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
    try:
        with np.load(file) as stored:
            names = stored["measures"].tolist()
            prior = Prior(*(stored[key].astype(np.float64) for key in Prior._fields))
        if names != list(MEASURES) or any(part.shape != (len(MEASURES),) * 2 for part in prior):
            raise ValueError("it is of other measures")
        np.linalg.cholesky(prior.scatter)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error, np.linalg.LinAlgError) as error:
        raise ModelError(f"{file} is missing or damaged; {REINSTALL}") from error
    for part in prior:
        part.flags.writeable = False
    return prior
