"""Numbers that an earlier run kept, checked before they reach a calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracker.types import FloatArray


def kept_array(
    kept: Mapping[str, Any], name: str, shape: tuple[int, ...], lowest: float = -1e6, highest: float = 1e6
) -> FloatArray:
    """The float64 array of `shape` under `name`, every value within the limits.

    Raises ValueError for anything else: files are edited by hand, cut short and written by other versions.
    """
    if not isinstance(kept, Mapping) or name not in kept:
        raise ValueError(f"{name!r} is missing")
    try:
        values = np.array(kept[name], np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError(f"{name!r} is not a list of numbers") from None
    if values.shape != shape:
        raise ValueError(f"{name!r} has the shape {values.shape}, not {shape}")
    if not ((lowest <= values) & (values <= highest)).all():  # False for NaN as well
        raise ValueError(f"{name!r} holds a number outside {lowest:g} to {highest:g}")
    return values
