"""The samples recorded of each expression, by name, and how they are kept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tracker.face.taught.measures import MEASURES
from tracker.face.taught.naming import checked_name
from tracker.types import FloatArray

SAMPLE_S = 1 / 15
"""Seconds between two samples: frames closer than this tell nothing new."""
MAX_SAMPLES = 900
"""Of one expression, a minute. Beyond that all of them are thinned out evenly."""
FEWEST_SAMPLES = 20
"""An expression with fewer cannot be learnt."""
MAX_NAMES = 32
_SCALE = 8192.0  # samples are kept as 16-bit integers, -4 to 4


class SampleStore:
    """The (S, N) samples of each name, in the order in which they were recorded."""

    def __init__(self) -> None:
        self._samples: dict[str, FloatArray] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._samples)

    def __contains__(self, name: object) -> bool:
        return name in self._samples

    def count(self, name: str) -> int:
        """How many samples there are of `name`."""
        return len(self._samples.get(name, ()))

    def known(self, name: str) -> str:
        """`name` as it is written here already, whatever its capitals; else `name` itself."""
        wanted = name.casefold()
        return next((known for known in self._samples if known.casefold() == wanted), name)

    def add(self, name: str, samples: FloatArray) -> None:
        """Add (S, N) samples to those of `name`."""
        both = np.concatenate([self._samples[name], samples]) if name in self._samples else samples
        if len(both) > MAX_SAMPLES:
            both = both[np.linspace(0, len(both) - 1, MAX_SAMPLES).round().astype(np.intp)]
        self._samples[name] = np.rint(np.clip(both * _SCALE, -32767, 32767)) / _SCALE

    def clear(self, name: str) -> None:
        """Forget the samples of `name`."""
        self._samples.pop(name, None)

    def learnable(self) -> dict[str, FloatArray]:
        """The samples of those names that have enough."""
        return {name: each for name, each in self._samples.items() if len(each) >= FEWEST_SAMPLES}

    def export(self) -> list[dict[str, str]]:
        """The samples as JSON values."""
        return [
            {"name": name, "samples": packed(each * _SCALE, "<i2")} for name, each in self._samples.items() if len(each)
        ]

    @classmethod
    def restored(cls, kept: Any) -> SampleStore:
        """What `export` gave. Raises ValueError when it is damaged."""
        if not isinstance(kept, list) or len(kept) > MAX_NAMES:
            raise ValueError("the list of expressions is missing or too long")
        store = cls()
        for entry in kept:
            if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
                raise ValueError("an expression has no name")
            name = checked_name(entry["name"])
            samples = unpacked(entry.get("samples"), "<i2", None, len(MEASURES))
            if not 1 <= len(samples) <= MAX_SAMPLES or store.known(name) in store:
                raise ValueError(f"the samples of {name!r} are too many, or there twice")
            store._samples[name] = samples / _SCALE
        return store


def packed(values: FloatArray, dtype: str) -> str:
    """An array as text."""
    rounded = np.rint(values) if "i" in dtype else values
    return base64.b64encode(rounded.astype(dtype).tobytes()).decode()


def unpacked(text: Any, dtype: str, rows: int | None, columns: int) -> FloatArray:
    """(rows, columns) float64 from what `packed` gave. rows: None = any number. Raises ValueError for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("numbers are not in base 64") from None
    size = np.dtype(dtype).itemsize * columns
    if len(data) % size or (rows is not None and len(data) != rows * size):
        raise ValueError("numbers are cut short")
    values: FloatArray = np.frombuffer(data, dtype).astype(np.float64).reshape(-1, columns)
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values
