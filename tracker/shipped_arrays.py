"""Arrays that are shipped beside the code, as NumPy's .npz files."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tracker.errors import ModelError
from tracker.manifest import REINSTALL


def damaged(file: Path) -> ModelError:
    """What to raise when `file` does not hold what it should."""
    return ModelError(f"{file} is missing or damaged; {REINSTALL}")


def load_arrays(file: Path, *names: str) -> list[npt.NDArray[Any]]:
    """The arrays of these names. Raises ModelError when the file is missing, damaged or lacks one of them."""
    try:
        with np.load(file) as stored:
            return [stored[name] for name in names]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise damaged(file) from error
